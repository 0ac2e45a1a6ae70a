import { join } from 'node:path';
import { openCredentials } from '../../service/authorization';
import { openServerProcess, openServiceProcess, type ServerProcess } from '../../service/service-process';
import { createRequests, type Workload, type WorkRequest } from './workloads';

/** Who is measured: the service, and what one would write by hand. */
export const CONTENDERS = ['holdfast', 'bare'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** Servers that are asked for the same about the same database. */
export interface Contest extends AsyncDisposable {
  readonly servers: Readonly<Record<Contender, ServerProcess>>;
  /** Whether the service asks for an API key; then the rival looks it up as well. */
  readonly looksUpKeys: boolean;
  createRequests(workload: Workload): () => WorkRequest;
}

export interface ContestOptions {
  readonly ids: readonly string[];
  readonly poolSize: number;
  /** API keys that requests come with in turns: one key would be found in the same look-up by all that come at once. */
  readonly keys: number;
  readonly signal: AbortSignal;
}

/** Both run, each in a process of its own. */
export async function openContest(
  databaseUrl: string,
  { ids, poolSize, keys, signal }: ContestOptions,
): Promise<Contest> {
  const variables = serviceVariables(poolSize);
  const holdfast = await openServiceProcess(databaseUrl, { variables, signal });
  const { pepper } = holdfast.credentials;
  try {
    const headers: WorkRequest['headers'][] = [];
    while (headers.length < keys) headers.push((await openCredentials(databaseUrl, pepper)).headers);
    const looksUpKeys = (await fetch(`${holdfast.address}/v1/events/${ids[0]}`)).status === 401;
    const bare = await openServerProcess([join(__dirname, 'bare-server.js')], {
      env: {
        DATABASE_URL: databaseUrl,
        POOL_SIZE: String(poolSize),
        API_KEY_PEPPER: pepper,
        LOOK_UP: looksUpKeys ? 'yes' : '',
      },
      readAddress: (line) => line,
      signal,
    });
    return {
      servers: { holdfast, bare },
      looksUpKeys,
      createRequests: (workload) => createRequests(workload, { ids, headers }),
      async [Symbol.asyncDispose]() {
        await Promise.all([holdfast.stop(), bare.stop()]);
      },
    };
  } catch (error) {
    await holdfast.stop();
    throw error;
  }
}

/** A limit for each client would be measured instead of the service: here all requests come from one. */
export function serviceVariables(poolSize: number): Readonly<Record<string, string>> {
  return { DATABASE_POOL_MIN: String(poolSize), DATABASE_POOL_MAX: String(poolSize), CLIENT_RATE: '0' };
}
