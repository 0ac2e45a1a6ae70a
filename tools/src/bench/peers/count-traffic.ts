import { openProxy, type PostgresProxy, type ProxyTarget } from '@holdfast/local-postgres';
import type { Client } from 'pg';
import type { OperationName } from './layer';
import type { Contender } from './line-up';
import { type LayerProcess, openLayerProcess } from './open-layer-process';
import { restoreTables } from './tables';

/** What one call sends and is sent, by one caller, when everything is warm. */
export interface Traffic {
  readonly roundTrips: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** So many calls that each connection has met the statement, and that whatever counts uses has counted. */
const WARM_UP_CALLS = 40;
const COUNTED_CALLS = 9;

/** Counts through a proxy, which nothing that is timed passes, what each operation of a layer sends. */
export async function countTraffic(
  contender: Contender,
  server: ProxyTarget & { readonly url: string },
  {
    client,
    poolSize,
    signal,
  }: { readonly client: Client; readonly poolSize: number; readonly signal: AbortSignal },
): Promise<Readonly<Partial<Record<OperationName, Traffic>>>> {
  await using proxy = await openProxy(server);
  await using layer = await openLayerProcess(contender, {
    url: proxy.urlThrough(server.url),
    poolSize,
    signal,
  });
  const found: Partial<Record<OperationName, Traffic>> = {};
  // Before anything is counted: connections that are opened meanwhile would be counted too. What needs all of them comes first, so
  // that each has met every statement.
  for (const name of layer.operations.toReversed()) {
    signal.throwIfAborted();
    await layer.answer(
      name,
      Array.from({ length: WARM_UP_CALLS }, (_, call) => call),
    );
  }
  for (const name of layer.operations) found[name] = await countOne(layer, name, proxy);
  await restoreTables(client);
  return found;
}

async function countOne(layer: LayerProcess, name: OperationName, proxy: PostgresProxy): Promise<Traffic> {
  const counted: Traffic[] = [];
  while (counted.length < COUNTED_CALLS) {
    proxy.resetCounts();
    await layer.answer(name, [counted.length]);
    const { roundTrips, frontendBytes, backendBytes } = proxy.counts;
    counted.push({ roundTrips, sentBytes: frontendBytes, receivedBytes: backendBytes });
  }
  // How often it waits may depend on how answers come in between one another, and what it sends on which connection it gets.
  const middle = counted.toSorted(
    (one, other) => one.roundTrips - other.roundTrips || one.sentBytes - other.sentBytes,
  )[COUNTED_CALLS >> 1];
  if (middle === undefined) throw new Error('nothing was counted');
  return middle;
}
