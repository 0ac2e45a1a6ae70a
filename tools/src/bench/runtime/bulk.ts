import { performance } from 'node:perf_hooks';
import { copyIn, insertMany } from '@holdfast/postgres';
import type { Client } from 'pg';
import { withClient } from '../../measurement/with-client';
import { type Comparison, type Samples, summarize } from './comparison';
import type { Layers } from './layers';
import { BenchEvent } from './schema';

/** How the ways are called. "Again" is the control. */
export const BULK = Object.freeze({
  typeorm: 'TypeORM, repository.insert',
  typeormAgain: 'TypeORM, repository.insert, again',
  insertMany: 'Holdfast, insertMany',
  copyIn: 'Holdfast, copyIn',
});

export const BULK_ROWS = 1_000;
const ROWS_PER_STREAM = 50;
const WARMUP_ROUNDS = 5;

/** A way to insert all rows. */
interface BulkWay {
  readonly name: string;
  readonly insert: (rows: BenchEvent[]) => Promise<unknown>;
}

/** What a table holds, told by two numbers. */
interface Content {
  readonly count: number;
  readonly digest: string;
}

export function listBulkWays({ holdfast, typeorm }: Layers): BulkWay[] {
  const repository = typeorm.getRepository(BenchEvent);
  const insert = (rows: BenchEvent[]) => repository.insert(rows);
  return [
    { name: BULK.typeorm, insert },
    { name: BULK.typeormAgain, insert },
    { name: BULK.insertMany, insert: (rows) => insertMany(holdfast, BenchEvent, rows) },
    { name: BULK.copyIn, insert: (rows) => copyIn(holdfast, BenchEvent, rows) },
  ];
}

/** Makes the same rows each time, in new objects: `repository.insert` may change what it is given. */
export function createEvents(count = BULK_ROWS): BenchEvent[] {
  return Array.from({ length: count }, (_, at) => ({
    id: renderUuid(at, 1),
    streamId: renderUuid(Math.floor(at / ROWS_PER_STREAM), 2),
    version: (at % ROWS_PER_STREAM) + 1,
    type: at % 3 === 0 ? 'order.placed' : 'order.line-added',
    occurredAt: new Date(Date.UTC(2024, 0, 1) + at * 1_000),
    payload: { sku: `SKU-${at}`, quantity: at % 7, note: 'say "hello", \\ and go', tags: ['a', 'b'] },
  }));
}

/**
 * Measures the insertion of all rows into an empty table, in turns, as `measure` does it: the table is emptied and the
 * rows are made between two insertions, in time that nobody is charged for.
 */
export async function compareBulkWays(
  url: string,
  ways: readonly BulkWay[],
  { rounds, signal }: { readonly rounds: number; readonly signal: AbortSignal },
): Promise<Comparison> {
  return withClient(url, async (client) => {
    const samples = ways.map((way) => ({ way, ns: [] as number[] }));
    const mistakes = new Set<string>();
    let wanted: Content | undefined;
    for (let round = -WARMUP_ROUNDS; round < rounds; round++) {
      const first = Math.max(0, round) % ways.length;
      for (const { way, ns } of [...samples.slice(first), ...samples.slice(0, first)]) {
        signal.throwIfAborted();
        await client.query('TRUNCATE events');
        const rows = createEvents();
        const fromMs = performance.now();
        await way.insert(rows);
        const tookMs = performance.now() - fromMs;
        if (round >= 0) ns.push((tookMs * 1e6) / BULK_ROWS);
        const content = await readContent(client);
        wanted ??= content;
        if (content.count !== BULK_ROWS || content.digest !== wanted.digest) {
          mistakes.add(`${way.name} has not inserted the same rows`);
        }
      }
    }
    return summarize(
      samples.map(({ way, ns }): Samples => ({ name: way.name, ns })),
      [...mistakes],
    );
  });
}

async function readContent(client: Client): Promise<Content> {
  const { rows } = await client.query<Content>(
    `SELECT count(*)::integer AS count, md5(string_agg(event::text, ',' ORDER BY id)) AS digest FROM events AS event`,
  );
  return rows[0] ?? { count: 0, digest: '' };
}

function renderUuid(at: number, kind: number): string {
  return `018f0000-0000-7000-8000-${kind}${at.toString(16).padStart(11, '0')}`;
}
