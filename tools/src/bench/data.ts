import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { listFaults, readTableSizes, type TableSize } from '../data/check-loaded';
import {
  DATA_COMMAND_OPTIONS,
  type DataCommand,
  type DataOptionName,
  readDataCommand,
} from '../data/command-options';
import { drawPlots, PLOTTED_DATA } from '../data/draw-plots';
import { type LoadResult, loadData } from '../data/load-data';
import { createProgressLines } from '../data/progress-lines';
import { claimAtLeast, claimNone } from '../measurement/claims';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { renderTable } from '../measurement/table';
import { withClient } from '../measurement/with-client';
import { renderCount } from '../proof/line-chart';

const ABOUT = `Generates the data of contracts and benchmarks (docs/benchmark-data.md) and loads it: into a PostgreSQL of its own, to
measure how fast that is, or into the database of --url, whose tables must be empty or not there.

It must hold that all that was generated is there, that the versions of every stream are consecutive, that every event's user and
organization exist, and that 50,000 events or more are loaded in a second.`;

const LEAST_EVENTS_PER_SECOND = 50_000;

/** A server that is filled once and read afterwards, with memory as on a small machine of today. */
const SERVER_SETTINGS = Object.freeze({
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  maintenance_work_mem: '256MB',
  work_mem: '64MB',
});

async function measureData({ options, signal, show }: MeasurementRun<DataOptionName>): Promise<Findings> {
  const command = readDataCommand(options);
  if (command.kind === 'plot') return plot(command.folder, show);
  if (command.url !== undefined) return load(command.url, command, signal, show);
  await using server = await openTemporaryServer({ settings: SERVER_SETTINGS, signal });
  return await load(server.url, command, signal, show);
}

async function load(
  url: string,
  { data, indexes }: Extract<DataCommand, { kind: 'load' }>,
  signal: AbortSignal,
  show: (block: string) => void,
): Promise<Findings> {
  const onProgress = createProgressLines(process.stderr);
  const loaded = await loadData(url, data, { indexes, signal, onProgress });
  const tables = loaded.tables.map(({ table }) => table);
  const [sizes, faults] = await withClient(url, async (client) => [
    await readTableSizes(client, tables),
    await listFaults(client),
  ]);
  const rows = describeTables(loaded, sizes);
  show(renderTables(loaded, rows));
  const lost = rows.filter(({ isThere }) => !isThere).map(({ table }) => `not all of ${table}`);
  const events = rows.find(({ table }) => table === 'events');
  return {
    figures: { setting: loaded.setting, secondaryIndexes: loaded.secondaryIndexes, tables: rows },
    claims: [
      claimNone('every row that was generated is there', lost),
      claimNone('streams have no gaps, and events belong to users and organizations that exist', faults),
      claimAtLeast({
        claim: 'loading is fast',
        measured: events?.rowsPerSecond ?? Number.NaN,
        limit: LEAST_EVENTS_PER_SECOND,
        unit: 'events/s',
      }),
    ],
  };
}

interface TableRow extends TableSize {
  readonly isThere: boolean;
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

function describeTables({ tables }: LoadResult, sizes: readonly TableSize[]): readonly TableRow[] {
  return sizes.map((size, at) => {
    const seconds = (tables[at]?.elapsedMs ?? Number.NaN) / 1000;
    return { ...size, isThere: size.rows === tables[at]?.rows, seconds, rowsPerSecond: size.rows / seconds };
  });
}

function renderTables({ setting, secondaryIndexes }: LoadResult, rows: readonly TableRow[]): string {
  const until = new Date(setting.untilMs).toISOString();
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return renderTable<TableRow>(
    `Seed ${setting.seed}, until ${until}, ${secondaryIndexes} indexes besides the primary keys`,
    [
      { title: 'table', align: 'left', render: ({ table }) => table },
      { title: 'rows', render: ({ rows }) => renderCount(rows) },
      { title: 'seconds', render: ({ seconds }) => seconds.toFixed(1) },
      { title: 'rows/s', render: ({ rowsPerSecond }) => renderCount(rowsPerSecond) },
      { title: 'table, MiB', render: ({ tableBytes }) => megabytes(tableBytes) },
      { title: 'indexes, MiB', render: ({ indexBytes }) => megabytes(indexBytes) },
    ],
    rows,
  );
}

async function plot(folder: string, show: (block: string) => void): Promise<Findings> {
  const plots = drawPlots(PLOTTED_DATA);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of plots) await writeFile(join(folder, name), text);
  show(`${plots.size} plots in ${resolve(folder)}`);
  return { figures: { plots: [...plots.keys()] }, claims: [] };
}

void runMeasurement({
  family: 'bench',
  name: 'data',
  about: ABOUT,
  aboutQuick: 'fewer events; the speed is only reported',
  options: DATA_COMMAND_OPTIONS,
  run: measureData,
});
