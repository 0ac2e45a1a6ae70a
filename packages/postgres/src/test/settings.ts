import { HoldfastPool } from '../pool/pool';
import type { HoldfastPoolOptions } from '../pool/pool-options';
import type { PoolSettings } from '../pool/pool-settings';

/** Small and patient; each test changes what it is about. */
export const settings: PoolSettings = Object.freeze({
  min: 0,
  max: 3,
  idleMs: 60_000,
  acquireMs: 20_000,
  createMs: 10_000,
  destroyMs: 10_000,
  createRetryMs: 20,
});

/** Opens a pool that closes itself at the end of its block. */
export function openPool(
  url: string,
  changes: Partial<PoolSettings> = {},
  options: Omit<HoldfastPoolOptions, 'settings'> = {},
) {
  const pool = new HoldfastPool(
    { connectionString: url },
    { settings: { ...settings, ...changes }, ...options },
  );
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}

/** Waits for a condition that other work brings about; the test's own time limit bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Resolves with what a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('A rejection was expected');
}

/** Resolves with `done`, or with what the promise is rejected with. */
export function settle(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

/** As `settle`; rejects when nothing has come of it after so long, which is far more than a test that passes takes. */
export async function settleWithin(limitMs: number, promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not settled after ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([settle(promise), late]);
  } finally {
    clearTimeout(timer);
  }
}
