import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SEVERITIES, type Severity } from '../doctor/check';
import { DoctorError } from '../doctor/doctor-error';
import type { DoctorReport } from '../doctor/doctor-report';
import { type ExamineOptions, examine } from '../doctor/examine';
import { renderPage } from '../doctor/page/render-page';
import { renderReport } from '../doctor/render-report';
import { orCannotLook } from './cannot-look-error';
import { type CommandContext, type DataSourceOption, takesDataSource, withEntities } from './command-context';
import { UsageError } from './usage-error';

interface DoctorOptions extends DataSourceOption {
  readonly json?: true;
  readonly html?: string;
  readonly only?: readonly string[];
  readonly minSeverity: Severity;
  readonly timeout: number;
}

/** Adds `holdfast doctor`. */
export function addDoctor(program: Command, context: CommandContext): void {
  const { terminal, exitWith } = context;
  takesDataSource(program.command('doctor'))
    .description('look for what is wrong with the database, or soon will be')
    .option('--json', 'print one JSON document')
    .option('--html <file>', 'write the report as one page that needs nothing else')
    .option('--only <id,id>', 'run these checks alone', (list) => list.split(',').map((id) => id.trim()))
    .addOption(
      new Option('--min-severity <severity>', 'leave out what is less severe')
        .choices(SEVERITIES)
        .default('notice'),
    )
    .option('--timeout <seconds>', 'what one statement may take', parseSeconds, 30)
    .action(async (options: DoctorOptions) => {
      const report = await orCannotLook(
        withEntities(options, (dataSource) =>
          lookInto(dataSource, toExamineOptions(options, context.signal)),
        ),
      ).catch((error: unknown) => {
        // Who is asked to stop could have looked.
        context.signal.throwIfAborted();
        throw error;
      });
      if (options.html !== undefined) await orCannotLook(writeFile(options.html, renderPage(report)));
      if (options.json) {
        terminal.print(JSON.stringify(report, undefined, 2));
      } else {
        for (const line of renderReport(report, terminal.columns)) terminal.print(line);
        if (options.html !== undefined) terminal.print(`wrote ${options.html}`);
      }
      exitWith(exitCodeOf(report));
    });
}

function toExamineOptions(
  { only, minSeverity, timeout }: DoctorOptions,
  signal: AbortSignal,
): ExamineOptions {
  return { ...(only && { only }), minSeverity, timeoutMs: timeout * 1000, signal };
}

/** @throws UsageError for an unknown check. */
async function lookInto(
  dataSource: Parameters<typeof examine>[0],
  options: ExamineOptions,
): Promise<DoctorReport> {
  try {
    return await examine(dataSource, options);
  } catch (error) {
    throw error instanceof DoctorError ? new UsageError(error.message, { cause: error }) : error;
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.001 && seconds <= 3600)) {
    throw new InvalidArgumentError('It must be a number of seconds from 0.001 to 3600.');
  }
  return seconds;
}

/** What some checks could not see is told, and decides nothing: but where none could look, nothing found means nothing. */
function exitCodeOf({ findings, checks }: DoctorReport): 0 | 1 | 2 {
  if (findings.length > 0) return 1;
  return checks.some(({ completed }) => completed) ? 0 : 2;
}
