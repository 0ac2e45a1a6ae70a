import { InvalidOptionError } from '@holdfast/resilience';
import type { Command } from 'commander';
import { renderBytes, renderShare } from '../doctor/quantity';
import type { IndexBloat } from '../reindex/estimate-bloat';
import { type BloatLimits, readBloatLimits } from '../reindex/find-indexes';
import { type ReindexReport, type ReindexRequest, reindex } from '../reindex/reindex';
import { type ReindexedIndex, ReindexStoppedError } from '../reindex/reindex-error';
import { renderDuration } from '../run/render-quantity';
import { createRunLog } from '../run/run-log';
import {
  type CommandContext,
  type DataSourceOption,
  takesDataSource,
  withDataSource,
} from './command-context';
import { UsageError } from './usage-error';

interface ReindexFlags extends DataSourceOption {
  readonly bloated?: true;
  readonly minBytes?: string;
  readonly minRatio?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Adds `holdfast reindex`. */
export function addReindex(program: Command, context: CommandContext): void {
  const { terminal, exitWith } = context;
  takesDataSource(program.command('reindex'))
    .description('build indexes anew, concurrently: those named, or those found bloated')
    .argument('[name...]', 'indexes, with their schema where that is not on the search path')
    .option('--bloated', 'all that waste enough to be worth it')
    .option('--min-bytes <n>', 'from how much waste on, in bytes; default: 104857600')
    .option('--min-ratio <n>', 'from which share of waste on, 0 to 1; default: 0.5')
    .option('--dry-run', 'say which ones, and rebuild none')
    .option('--json', 'one JSON document instead of text')
    .action(async (names: string[], flags: ReindexFlags) => {
      const request = readRequest(names, flags);
      const stop = request.dryRun === true ? {} : { signal: context.signal };
      const log = createRunLog(terminal.print);
      const print = (report: ReindexReport) => {
        const lines = flags.json ? [renderJson(report)] : renderReport(report, flags);
        for (const line of lines) terminal.print(line);
      };
      try {
        const report = await withDataSource(flags, (dataSource) =>
          reindex(dataSource, { ...request, ...stop, ...(flags.json === undefined && { report: log }) }),
        );
        print(report);
        exitWith(report.failed.length === 0 ? 0 : 1);
      } catch (error) {
        if (error instanceof ReindexStoppedError && (flags.json || error.rebuilt.length > 0))
          print({ rebuilt: error.rebuilt, failed: [] });
        throw error;
      }
    });
}

function readRequest(names: readonly string[], flags: ReindexFlags): ReindexRequest {
  const { bloated, minBytes, minRatio } = flags;
  const dryRun = flags.dryRun === true;
  if (bloated === undefined) {
    if (names.length === 0) throw new UsageError('no index; name some, or take --bloated');
    if (minBytes !== undefined || minRatio !== undefined)
      throw new UsageError('--min-bytes and --min-ratio go with --bloated');
    return { names, dryRun };
  }
  if (names.length > 0) throw new UsageError('names and --bloated exclude each other');
  return { bloated: readLimits(flags), dryRun };
}

/** @throws UsageError naming the option, the value and the range. */
function readLimits({ minBytes, minRatio }: ReindexFlags): BloatLimits {
  try {
    return readBloatLimits({
      ...(minBytes !== undefined && { minBytes: Number(minBytes) }),
      ...(minRatio !== undefined && { minRatio: Number(minRatio) }),
    });
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const flag = error.option === 'minBytes' ? '--min-bytes' : '--min-ratio';
    throw new UsageError(`${flag} must be ${error.allowed}`);
  }
}

function renderJson({ rebuilt, failed }: ReindexReport): string {
  const failures = failed.map(({ code, index, message }) => ({ code, index, message }));
  return JSON.stringify({ rebuilt, failed: failures }, null, 2);
}

/** The indexes under each other, with what they give back. */
function renderReport({ rebuilt, failed }: ReindexReport, { bloated, dryRun }: ReindexFlags): string[] {
  const isDryRun = dryRun === true;
  if (rebuilt.length + failed.length === 0)
    return [bloated ? 'No index is bloated.' : 'There is nothing to rebuild.'];
  const rows = rebuilt.map((index) => [
    `${index.schema}.${index.name}`,
    renderBytes(index.bytesBefore),
    ...(isDryRun ? [renderWaste(index)] : renderGain(index)),
  ]);
  const widths = [0, 1, 2, 3].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, renderTotal(rebuilt, failed.length, isDryRun)];
}

function wasteOf(bloat: IndexBloat): number {
  return bloat.basis === 'unknown' ? 0 : bloat.wastedBytes;
}

function renderWaste({ bloat }: ReindexedIndex): string {
  if (bloat === null || bloat.basis === 'unknown') return '';
  return `${bloat.basis} waste ${renderBytes(bloat.wastedBytes)}, ${renderShare(bloat.wastedRatio)}`;
}

function renderGain({ bytesAfter, elapsedMs }: ReindexedIndex): string[] {
  return [`now ${renderBytes(bytesAfter ?? 0)}`, `in ${renderDuration(elapsedMs ?? 0)}`];
}

function renderTotal(rebuilt: readonly ReindexedIndex[], failed: number, isDryRun: boolean): string {
  const { length } = rebuilt;
  const count = `${length} ${length === 1 ? 'index' : 'indexes'}`;
  if (isDryRun) {
    const wasted = rebuilt.reduce((sum, { bloat }) => sum + (bloat === null ? 0 : wasteOf(bloat)), 0);
    return `${count} would be rebuilt${wasted > 0 ? `, about ${renderBytes(wasted)} less` : ''}. Nothing was written.`;
  }
  const saved = rebuilt.reduce(
    (sum, { bytesBefore, bytesAfter }) => sum + bytesBefore - (bytesAfter ?? 0),
    0,
  );
  const balance = saved >= 0 ? `${renderBytes(saved)} less` : `${renderBytes(-saved)} more`;
  return `${count} rebuilt, ${balance}${failed === 0 ? '' : `; ${failed} failed, as said above`}.`;
}
