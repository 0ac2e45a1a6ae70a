import {
  openProxy,
  type PostgresProxy,
  type ProxyTarget,
  type TrafficCounts,
} from '@holdfast/local-postgres';
import { withClient } from '../../measurement/with-client';
import { createEvents, listBulkWays } from './bulk';
import { openLayers } from './layers';
import { listLookUps } from './look-ups';
import { listTransactions, TRANSACTION } from './transactions';

/** What one operation most often sends when everything is warm. */
export interface Traffic {
  readonly name: string;
  readonly roundTrips: number;
  /** Messages of the client, by the protocol's letters. */
  readonly sent: Readonly<Record<string, number>>;
  /** Messages of the server, all together. */
  readonly received: number;
}

/** An operation, and how to know that it is as warm as it gets; default: when it was done often enough. */
interface CountedOperation {
  readonly name: string;
  readonly run: (turn: number) => Promise<unknown>;
  readonly isWarm?: (sent: Traffic['sent']) => boolean;
}

/** Statements are named from their second use on, and prepared at the third at the latest. */
const WARMUP_RUNS = 8;
const COUNTED_RUNS = 15;
/** A witness is opened in the background, and there long before this. */
const MOST_WARMUP_RUNS = 10_000;

/** Counts through a proxy what operations send, one caller at a time on a pool of one connection. */
export async function countTraffic(
  server: ProxyTarget & { readonly url: string },
  signal: AbortSignal,
): Promise<readonly Traffic[]> {
  await using proxy = await openProxy(server);
  await using layers = await openLayers(proxy.urlThrough(server.url), 1);
  const bulk = listBulkWays(layers).map(({ name, insert }): CountedOperation => {
    const run = async (): Promise<void> => {
      await withClient(server.url, (client) => client.query('TRUNCATE events'));
      await insert(createEvents());
    };
    return { name, run };
  });
  const transactions = listTransactions(layers, { transactions: 0 }).map(
    ({ name, run }): CountedOperation => {
      const isWarm = ({ B: binds = 0 }: Traffic['sent']) => binds >= 3;
      const isWatched = name === TRANSACTION.holdfast || name === TRANSACTION.holdfastLedger;
      return { name, run, ...(isWatched && { isWarm }) };
    },
  );
  const found: Traffic[] = [];
  for (const operation of dropControls([...listLookUps(layers), ...transactions, ...bulk])) {
    found.push(await countOne(proxy, operation, signal));
  }
  return found;
}

async function countOne(
  proxy: PostgresProxy,
  { name, run, isWarm = () => true }: CountedOperation,
  signal: AbortSignal,
): Promise<Traffic> {
  const count = async (turn: number): Promise<Traffic> => {
    signal.throwIfAborted();
    proxy.resetCounts();
    await run(turn);
    return describe(name, proxy.counts);
  };
  let turn = 0;
  let last = await count(turn++);
  while (turn < WARMUP_RUNS || (!isWarm(last.sent) && turn < MOST_WARMUP_RUNS)) last = await count(turn++);
  const counted: Traffic[] = [];
  for (let done = 0; done < COUNTED_RUNS; done++) counted.push(await count(turn++));
  return findMostFrequent(counted) ?? last;
}

/** What is sent may depend on how answers come in between one another. */
function findMostFrequent(counted: readonly Traffic[]): Traffic | undefined {
  const frequencies = new Map<string, number>();
  for (const one of counted.map((one) => JSON.stringify(one))) {
    frequencies.set(one, (frequencies.get(one) ?? 0) + 1);
  }
  const most = Math.max(...frequencies.values());
  return counted.find((one) => frequencies.get(JSON.stringify(one)) === most);
}

function describe(name: string, { roundTrips, frontend, backend }: TrafficCounts): Traffic {
  const received = Object.values(backend).reduce((total, messages) => total + messages, 0);
  return { name, roundTrips, sent: frontend, received };
}

function dropControls(operations: readonly CountedOperation[]): readonly CountedOperation[] {
  return operations.filter(({ name }) => !name.endsWith(', again'));
}
