import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/** An entry takes this many turns of the event loop from the collector to its observer. */
const TURNS_TO_OBSERVER = 4;

/** Knows when garbage was collected in this process, and collects it on demand. */
export interface Collections extends Disposable {
  /** The young generation is empty. Cheap, and unlike a full collection it lets no compiled code grow old. */
  collectYoung(): void;
  /** Asks whether garbage was collected between two moments of `performance.now()`. */
  ranBetween(fromMs: number, toMs: number): Promise<boolean>;
}

/**
 * Watches the garbage collector, until disposed.
 * @throws Error when the process was started without `--expose-gc`, or when a collection made on purpose is not seen: an
 * observer that sees nothing would pass every batch.
 */
export async function watchCollections(): Promise<Collections> {
  const { gc } = globalThis;
  if (gc === undefined)
    throw new Error('node was started without --expose-gc; start it with node tools/measure.mjs');
  const seenAtMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) seenAtMs.push(startTime);
  });
  observer.observe({ entryTypes: ['gc'] });
  const collections: Collections = {
    collectYoung: () => gc({ type: 'minor' }),
    async ranBetween(fromMs, toMs) {
      for (let turn = 0; turn < TURNS_TO_OBSERVER; turn++) await setImmediate();
      const hasRun = seenAtMs.some((atMs) => atMs >= fromMs && atMs <= toMs);
      seenAtMs.length = 0;
      return hasRun;
    },
    [Symbol.dispose]: () => observer.disconnect(),
  };
  const fromMs = performance.now();
  gc();
  if (await collections.ranBetween(fromMs, performance.now())) return collections;
  collections[Symbol.dispose]();
  throw new Error('a garbage collection made on purpose was not observed');
}
