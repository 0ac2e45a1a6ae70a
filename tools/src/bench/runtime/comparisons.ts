import type { TemporaryServer } from '@holdfast/local-postgres';
import { listAcquisitions } from './acquisitions';
import { findMisapplied, type Reported } from './books';
import { compareBulkWays, listBulkWays } from './bulk';
import { type Comparison, compareWays } from './comparison';
import type { Extents } from './extents';
import { openLayers } from './layers';
import { listLookUps } from './look-ups';
import { listOneTickWays } from './one-tick';
import { freely, listPlacements, type Placement, place, readCores } from './placement';
import { listTransactions } from './transactions';

/** Connections of each pool. */
export const POOL_SIZE = 10;
/** Callers at once, where there are several. */
export const CALLERS = 32;

/** What one caller at a time takes, in one placement. */
interface Alone {
  readonly placement: Placement['name'];
  readonly lookUps: Comparison;
  readonly bulk: Comparison;
  readonly transactions: Comparison;
}

/** What several callers take together, and what the pool does without the server. */
interface Crowded {
  readonly lookUps: Comparison;
  readonly transactions: Comparison;
  readonly oneTick: Comparison;
  readonly acquisitions: Comparison;
}

export interface Comparisons {
  readonly alone: readonly [Alone, ...Alone[]];
  readonly crowded: Crowded;
  /** Transactions that were not applied once. */
  readonly misapplied: readonly string[];
}

interface CompareOptions {
  readonly extents: Extents;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Compares all ways in all operations. In each placement connections are new, because they stay where they were opened. */
export async function compareAll(server: TemporaryServer, options: CompareOptions): Promise<Comparisons> {
  const reported: Reported = { transactions: 0 };
  const cores = readCores();
  const [first, ...others] = listPlacements(cores);
  const alone: [Alone, ...Alone[]] = [await compareAlone(server, first, options, reported)];
  for (const placement of others) alone.push(await compareAlone(server, placement, options, reported));
  const crowded = await compareCrowded(server, freely(cores), options, reported);
  return { alone, crowded, misapplied: await findMisapplied(server.url, reported) };
}

async function compareAlone(
  server: TemporaryServer,
  placement: Placement,
  { extents, signal, say }: CompareOptions,
  reported: Reported,
): Promise<Alone> {
  say(`Measuring one caller, ${placement.name} …`);
  place(placement, server.pid);
  await using layers = await openLayers(server.url, POOL_SIZE);
  return {
    placement: placement.name,
    lookUps: await compareWays(listLookUps(layers), 1, { ...extents.lookUps, signal }),
    bulk: await compareBulkWays(server.url, listBulkWays(layers), { ...extents.bulk, signal }),
    transactions: await compareWays(listTransactions(layers, reported), 1, {
      ...extents.transactions,
      signal,
    }),
  };
}

async function compareCrowded(
  server: TemporaryServer,
  placement: Placement,
  { extents, signal, say }: CompareOptions,
  reported: Reported,
): Promise<Crowded> {
  say(`Measuring ${CALLERS} callers …`);
  place(placement, server.pid);
  await using layers = await openLayers(server.url, POOL_SIZE);
  return {
    lookUps: await compareWays(listLookUps(layers), CALLERS, { ...extents.crowdedLookUps, signal }),
    transactions: await compareWays(listTransactions(layers, reported), CALLERS, {
      ...extents.crowdedTransactions,
      signal,
    }),
    oneTick: await compareWays(listOneTickWays(layers), 1, { ...extents.oneTick, signal }),
    acquisitions: await compareWays(listAcquisitions(layers), 1, { ...extents.acquisitions, signal }),
  };
}
