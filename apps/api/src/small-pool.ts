import type { Variables } from '@holdfast/db';

/**
 * The variables of the database, with those of a few connections beside the ones of requests: they are there when all others are
 * in use, and closed when nobody looks at the console.
 */
export function withSmallPool(variables: Variables, applicationName: string, most: number): Variables {
  return {
    ...variables,
    DATABASE_REPLICA_URLS: '',
    DATABASE_APPLICATION_NAME: applicationName,
    DATABASE_POOL_MIN: '0',
    DATABASE_POOL_MAX: String(most),
    DATABASE_POOL_IDLE_MS: '10000',
    DATABASE_POOL_ACQUIRE_MS: '1500',
    DATABASE_POOL_CREATE_MS: '1500',
    DATABASE_POOL_DESTROY_MS: '500',
    DATABASE_POOL_LEAK_MS: '0',
  };
}
