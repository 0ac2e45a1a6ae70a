import { join } from 'node:path';
import { openCredentials } from '../../service/authorization';
import { openServerProcess, openServiceProcess, type ServerProcess } from '../../service/service-process';
import { createRequests, type Workload, type WorkRequest } from './workloads';

/** What one would write by hand: a key is looked up by itself, or with the statement that is asked for. */
const RIVALS = ['bare', 'joined'] as const;
export type Rival = (typeof RIVALS)[number];

/** Who is measured. */
export const CONTENDERS = ['holdfast', ...RIVALS] as const;
export type Contender = (typeof CONTENDERS)[number];

/** Servers that are asked for the same about the same database. */
export interface Contest extends AsyncDisposable {
  readonly servers: Readonly<Record<Contender, ServerProcess>>;
  createRequests(workload: Workload): () => WorkRequest;
}

export interface ContestOptions {
  readonly ids: readonly string[];
  readonly poolSize: number;
  /** API keys that requests come with in turns: one key would be found in the same look-up by all that come at once. */
  readonly keys: number;
  readonly signal: AbortSignal;
}

/** All run, each in a process of its own. */
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
    const openRival = (rival: Rival) =>
      openServerProcess([join(__dirname, 'bare-server.js')], {
        env: {
          DATABASE_URL: databaseUrl,
          POOL_SIZE: String(poolSize),
          API_KEY_PEPPER: pepper,
          KEYS: rival,
        },
        readAddress: (line) => line,
        signal,
      });
    const bare = await openRival('bare');
    const joined = await openRival('joined').catch(async (error: unknown) => {
      await bare.stop();
      throw error;
    });
    return {
      servers: { holdfast, bare, joined },
      createRequests: (workload) => createRequests(workload, { ids, headers }),
      async [Symbol.asyncDispose]() {
        await Promise.all([holdfast.stop(), bare.stop(), joined.stop()]);
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
