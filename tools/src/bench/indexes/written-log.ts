import { loadData } from '../../data/load-data';
import { type BenchServer, readDatabaseName, withRunner } from './bench-server';
import { countStaged, divide, stageRows, TABLES, type Table, writeStretch } from './staged-rows';

/** How much of the rows is there before anything is measured, 0–1: indexes are as large then as they will be, or nearly. */
const FILLED_SHARE = 0.75;

/** Rows of one statement. */
export const STRETCH_ROWS = 2_000;

/** Databases whose rows are written, in their order, into indexes that are there already: as in a service, unlike after a load. */
export interface WrittenLog {
  /** A database with the indexes that ship, without rows; all rows are put by. */
  readonly empty: string;
  /** How many rows of each table are there before anything is measured, and how many in all. */
  readonly places: Readonly<Record<Table, { readonly filled: number; readonly all: number }>>;
}

/** The server has a database with the generated rows put by, ready to be copied. */
export async function createWrittenLog(
  server: BenchServer,
  events: number,
  signal: AbortSignal,
): Promise<WrittenLog> {
  await loadData(server.url, { events }, { indexes: 'before', signal });
  const places = await withRunner(server.url, async (runner) => {
    await stageRows(runner);
    const counted = [];
    for (const table of TABLES) {
      const all = await countStaged(runner, table);
      counted.push([table, { all, filled: Math.floor(all * FILLED_SHARE) }] as const);
    }
    return Object.fromEntries(counted) as WrittenLog['places'];
  });
  return { empty: readDatabaseName(server.url), places };
}

/** Writes the first rows of all tables. */
export async function fillTables(url: string, { places }: WrittenLog, signal: AbortSignal): Promise<void> {
  await withRunner(url, async (runner) => {
    await runner.query('set session_replication_role = replica');
    for (const table of TABLES) {
      for (const stretch of divide({ from: 1, to: places[table].filled + 1 }, STRETCH_ROWS)) {
        signal.throwIfAborted();
        await writeStretch(runner, table, stretch);
      }
    }
  });
}
