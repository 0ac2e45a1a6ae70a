import { POOL_DEFAULTS, type PoolSettings } from '@holdfast/postgres';
import type { Environment } from './environment';

/** A request that holds a connection for a minute has forgotten it, or should be told to. */
const LEAK_MS = 60_000;
const COMMON = { destroyMs: 5_000, createRetryMs: 200, ...POOL_DEFAULTS, leakMs: LEAK_MS };

/** The pool of each environment; every value can be overridden by a variable (docs/settings.md). */
export const POOL_SETTINGS: Readonly<Record<Environment, Required<PoolSettings>>> = Object.freeze({
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
