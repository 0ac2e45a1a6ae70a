import { explainIndex, type Verdict } from '@holdfast/online-schema';
import { readPairedRatio, readQuartiles } from '../quartiles';
import { type BenchServer, withDataSource, withRunner } from './bench-server';
import { type IndexSize, readIndexSizes } from './index-sets';
import { divide, readStretch, type Table, writeStretch } from './staged-rows';
import { fillTables, STRETCH_ROWS, type WrittenLog } from './written-log';

/** A figure with an index and without it. */
interface Beside {
  readonly with: number;
  readonly without: number;
}

/** What writing one index costs each row of its table. */
export interface IndexCost extends IndexSize {
  readonly bytesPerRow: number;
  /** By the median stretch. */
  readonly rowsPerSecond: Beside;
  /** Of table and indexes together. */
  readonly walBytesPerRow: Beside;
  /** How many times as many rows are inserted per second without it: the median over the stretches. */
  readonly timesInsertRateWithout: number;
  /** Columns that it alone keeps from HOT updates. */
  readonly soleColumns: readonly string[];
  readonly foreignKeys: readonly string[];
  /** That of the catalog alone. */
  readonly verdict: Verdict;
}

export interface IndexCostOptions {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Stretches of rows that are written with and without each index. */
  readonly stretches: number;
}

const FILLED = 'costs_filled';

/** Tries every index of every table: rows are written with and without it, in turns, into two copies of one database. */
export async function measureIndexCosts(
  server: BenchServer,
  log: WrittenLog,
  { signal, say, stretches }: IndexCostOptions,
): Promise<readonly IndexCost[]> {
  await server.copy(log.empty, FILLED);
  await fillTables(server.urlOf(FILLED), log, signal);
  await withRunner(server.urlOf(FILLED), (runner) => dropWritten(runner, log));
  const sizes = await withRunner(server.urlOf(FILLED), readIndexSizes);
  const costs: IndexCost[] = [];
  for (const size of sizes) {
    signal.throwIfAborted();
    say(`Writing with and without ${size.name} …`);
    const explained = await withDataSource(server.urlOf(FILLED), (source) => explainIndex(source, size.name));
    const { soleColumns, foreignKeys, verdict } = explained;
    const written = await writeBoth(server, log, size, stretches);
    const bytesPerRow = size.bytes / log.places[size.table as Table].filled;
    costs.push({ ...size, bytesPerRow, ...written, soleColumns, foreignKeys, verdict });
  }
  await server.drop(FILLED);
  return costs;
}

/** What has been written is not copied again with every copy. */
async function dropWritten(
  runner: Parameters<typeof writeStretch>[0],
  { places }: WrittenLog,
): Promise<void> {
  for (const [table, { filled }] of Object.entries(places)) {
    await runner.query(`create table staged.rest as select * from staged.${table} where place > ${filled}`);
    await runner.query(`drop table staged.${table}`);
    await runner.query(`alter table staged.rest rename to ${table}`);
    await runner.query(`create unique index on staged.${table} (place)`);
  }
  await runner.query(`analyze`);
}

async function writeBoth(
  server: BenchServer,
  { places }: WrittenLog,
  { name, table }: IndexSize,
  stretches: number,
): Promise<Pick<IndexCost, 'timesInsertRateWithout' | 'walBytesPerRow' | 'rowsPerSecond'>> {
  const { filled, all } = places[table as Table];
  const to = Math.min(all, filled + stretches * STRETCH_ROWS) + 1;
  const size = Math.ceil((to - filled) / stretches);
  await server.copy(FILLED, 'costs_with');
  await server.copy(FILLED, 'costs_without');
  await server.checkpoint();
  const figures = { ms: [[], []] as [number[], number[]], wal: [0, 0] as [number, number], rows: 0 };
  await withRunner(server.urlOf('costs_with'), (one) =>
    withRunner(server.urlOf('costs_without'), async (other) => {
      await dropIndex(other, { name, table });
      const runners = [one, other] as const;
      for (const runner of runners) await runner.query('set session_replication_role = replica');
      for (const [at, stretch] of divide({ from: filled + 1, to }, size).entries()) {
        for (const place of at % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
          await readStretch(runners[place], table as Table, stretch);
          const { elapsedMs, walBytes, rows } = await writeStretch(runners[place], table as Table, stretch);
          figures.ms[place].push(elapsedMs);
          figures.wal[place] += walBytes;
          if (place === 0) figures.rows += rows;
        }
      }
    }),
  );
  await server.drop('costs_with');
  await server.drop('costs_without');
  const perSecond = (ms: readonly number[]) => (figures.rows / ms.length / readQuartiles(ms).median) * 1000;
  return {
    rowsPerSecond: { with: perSecond(figures.ms[0]), without: perSecond(figures.ms[1]) },
    walBytesPerRow: { with: figures.wal[0] / figures.rows, without: figures.wal[1] / figures.rows },
    timesInsertRateWithout: readPairedRatio(...figures.ms).median,
  };
}

async function dropIndex(
  runner: Parameters<typeof writeStretch>[0],
  { name, table }: Pick<IndexSize, 'name' | 'table'>,
): Promise<void> {
  const [constraint]: { name: string }[] = await runner.query(
    `select conname as name from pg_constraint where conindid = $1::regclass and contype in ('p', 'u', 'x')`,
    [name],
  );
  await runner.query(
    constraint === undefined ? `drop index ${name}` : `alter table ${table} drop constraint ${name} cascade`,
  );
}
