import { type Quartiles, readPairedRatio } from '../quartiles';
import { type BenchServer, withRunner } from './bench-server';
import { type IndexSize, readIndexSizes, type SetName, takeLiteralSet } from './index-sets';
import { divide, readStretch, TABLES, writeStretch } from './staged-rows';
import { fillTables, STRETCH_ROWS, type WrittenLog } from './written-log';

/** What one set of indexes costs. */
interface SetFigures {
  readonly set: SetName;
  readonly eventsPerSecond: number;
  /** Of table and indexes together. */
  readonly walBytesPerEvent: number;
  /** Of the indexes of events: as written, and built anew. */
  readonly indexBytesPerEvent: number;
  readonly rebuiltBytesPerEvent: number;
  readonly indexes: readonly SetIndex[];
}

interface SetIndex extends IndexSize {
  readonly bytesPerRow: number;
}

/** What the sets cost beside each other. */
export interface SetComparison {
  readonly events: number;
  readonly shipped: SetFigures;
  readonly literal: SetFigures;
  /** How many times the events per second of the literal set those of the one that ships are, over the stretches of both. */
  readonly timesInsertRate: Quartiles;
}

interface Samples {
  readonly set: SetName;
  readonly database: string;
  readonly ms: number[];
  rows: number;
  walBytes: number;
}

const SET_DATABASES: Readonly<Record<SetName, string>> = Object.freeze({
  shipped: 'set_shipped',
  literal: 'set_literal',
});

const SETS: readonly SetName[] = ['shipped', 'literal'];

/**
 * Two databases have all rows, one with the indexes that ship and one with the literal ones. The last quarter of the events
 * was written in turns, stretch by stretch, so that what slows the machine down slows both.
 */
export async function compareSets(
  server: BenchServer,
  log: WrittenLog,
  signal: AbortSignal,
): Promise<SetComparison> {
  const samples = SETS.map(
    (set): Samples => ({ set, database: SET_DATABASES[set], ms: [], rows: 0, walBytes: 0 }),
  );
  for (const { set, database } of samples) {
    await server.copy(log.empty, database);
    const url = server.urlOf(database);
    if (set === 'literal') await withRunner(url, takeLiteralSet);
    await fillTables(url, log, signal);
  }
  // From here on, the first change of a page writes all of it to the log, once for both.
  await server.checkpoint();
  await writeInTurns(server, log, samples, signal);
  const figures = [];
  for (const sample of samples) {
    await fillRest(server.urlOf(sample.database), log, signal);
    figures.push(await readFigures(server.urlOf(sample.database), log, sample));
  }
  const [shipped, literal] = figures as [SetFigures, SetFigures];
  const [shippedMs, literalMs] = samples.map(({ ms }) => ms) as [number[], number[]];
  return {
    events: log.places.events.all,
    shipped,
    literal,
    timesInsertRate: readPairedRatio(literalMs, shippedMs),
  };
}

async function writeInTurns(
  server: BenchServer,
  { places }: WrittenLog,
  samples: readonly Samples[],
  signal: AbortSignal,
): Promise<void> {
  const [first, second] = samples as [Samples, Samples];
  const { filled, all } = places.events;
  await withRunner(server.urlOf(first.database), (one) =>
    withRunner(server.urlOf(second.database), async (other) => {
      const turns = [
        { sample: first, runner: one },
        { sample: second, runner: other },
      ];
      for (const [at, stretch] of divide({ from: filled + 1, to: all + 1 }, STRETCH_ROWS).entries()) {
        for (const { sample, runner } of at % 2 === 0 ? turns : turns.toReversed()) {
          signal.throwIfAborted();
          await readStretch(runner, 'events', stretch);
          const { rows, elapsedMs, walBytes } = await writeStretch(runner, 'events', stretch);
          sample.ms.push(elapsedMs);
          sample.rows += rows;
          sample.walBytes += walBytes;
        }
      }
    }),
  );
}

async function fillRest(url: string, { places }: WrittenLog, signal: AbortSignal): Promise<void> {
  await withRunner(url, async (runner) => {
    await runner.query('set session_replication_role = replica');
    for (const table of TABLES) {
      if (table === 'events') continue;
      const { filled, all } = places[table];
      for (const stretch of divide({ from: filled + 1, to: all + 1 }, STRETCH_ROWS)) {
        signal.throwIfAborted();
        await writeStretch(runner, table, stretch);
      }
    }
    await runner.query(`vacuum analyze ${TABLES.join(', ')}`);
  });
}

async function readFigures(url: string, { places }: WrittenLog, sample: Samples): Promise<SetFigures> {
  const events = places.events.all;
  const perEvent = (sizes: readonly IndexSize[]): number =>
    sizes.filter(({ table }) => table === 'events').reduce((sum, { bytes }) => sum + bytes, 0) / events;
  return withRunner(url, async (runner) => {
    const sizes = await readIndexSizes(runner);
    await runner.query('reindex table events');
    const rebuilt = await readIndexSizes(runner);
    return {
      set: sample.set,
      eventsPerSecond: (sample.rows / sample.ms.reduce((sum, ms) => sum + ms, 0)) * 1000,
      walBytesPerEvent: sample.walBytes / sample.rows,
      indexBytesPerEvent: perEvent(sizes),
      rebuiltBytesPerEvent: perEvent(rebuilt),
      indexes: sizes.map((size) => ({
        ...size,
        bytesPerRow: size.bytes / (places[size.table as keyof typeof places]?.all ?? Number.NaN),
      })),
    };
  });
}
