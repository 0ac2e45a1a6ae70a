import { type Command, InvalidArgumentError } from 'commander';
import { explainIndex } from '../ledger/explain-index';
import { LedgerError } from '../ledger/ledger-error';
import { renderExplanation } from '../ledger/render-explanation';
import { orCannotLook } from './cannot-look-error';
import {
  type CommandContext,
  type DataSourceOption,
  takesDataSource,
  withDataSource,
} from './command-context';
import { UsageError } from './usage-error';

interface ExplainIndexFlags extends DataSourceOption {
  readonly json?: true;
  readonly timeout: number;
}

/** Adds `holdfast explain-index`. */
export function addExplainIndex(program: Command, context: CommandContext): void {
  const { terminal, exitWith } = context;
  takesDataSource(program.command('explain-index'))
    .description('say what an index is for, what it costs, and whether to keep it')
    .argument('<name>', 'the index, with its schema where that is not on the search path')
    .option('--json', 'print one JSON document')
    .option('--timeout <seconds>', 'what one statement may take', parseSeconds, 30)
    .action(async (name: string, flags: ExplainIndexFlags) => {
      const { signal } = context;
      const explanation = await orCannotLook(
        withDataSource(flags, (dataSource) =>
          explainIndex(dataSource, name, { timeoutMs: flags.timeout * 1000, signal }).catch(
            (error: unknown) => {
              throw error instanceof LedgerError ? new UsageError(error.message, { cause: error }) : error;
            },
          ),
        ),
      ).catch((error: unknown) => {
        // Who is asked to stop could have looked.
        signal.throwIfAborted();
        throw error;
      });
      if (flags.json) terminal.print(JSON.stringify(explanation, undefined, 2));
      else for (const line of renderExplanation(explanation, terminal.columns)) terminal.print(line);
      exitWith(explanation.verdict.decision === 'keep' ? 0 : 1);
    });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds >= 0.001 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('It must be a number of seconds from 0.001 to 3600.');
}
