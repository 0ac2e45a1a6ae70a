import type { PoolSettings } from '@holdfast/postgres';
import type { Environment } from './environment';

const COMMON = { destroyMs: 5_000, createRetryMs: 200 } as const;

/** The pool of each environment; every value can be overridden by a variable (docs/settings.md). */
export const POOL_SETTINGS: Readonly<Record<Environment, PoolSettings>> = Object.freeze({
  default: Object.freeze({ min: 2, max: 10, idleMs: 30_000, acquireMs: 60_000, createMs: 30_000, ...COMMON }),
  development: Object.freeze({
    min: 1,
    max: 5,
    idleMs: 10_000,
    acquireMs: 60_000,
    createMs: 30_000,
    ...COMMON,
  }),
  test: Object.freeze({ min: 1, max: 3, idleMs: 5_000, acquireMs: 30_000, createMs: 30_000, ...COMMON }),
  staging: Object.freeze({ min: 5, max: 20, idleMs: 60_000, acquireMs: 45_000, createMs: 30_000, ...COMMON }),
  production: Object.freeze({
    min: 10,
    max: 30,
    idleMs: 300_000,
    acquireMs: 60_000,
    createMs: 60_000,
    ...COMMON,
  }),
});
