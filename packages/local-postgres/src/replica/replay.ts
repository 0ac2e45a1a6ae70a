import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withConnection } from '../admin-connection';
import { LocalPostgresError } from '../error';
import type { PostgresServer } from '../postgres-server';

/** How long a wait for replay may last. */
export interface ReplayWait {
  /** Default 30 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 30_000;
const promotionSeconds = 60;
const pollMs = 10;

/** Replay stands still. The request alone is not enough: the record that is being replayed is finished first. */
export async function pauseReplay(replica: PostgresServer): Promise<void> {
  await withConnection(replica.adminUrl, async (client) => {
    await client.query('SELECT pg_wal_replay_pause()');
    await waitUntil(client, "SELECT pg_get_wal_replay_pause_state() = 'paused' AS holds", [], {}, 'paused');
  });
}

export async function resumeReplay(replica: PostgresServer): Promise<void> {
  await withConnection(replica.adminUrl, (client) => client.query('SELECT pg_wal_replay_resume()'));
}

/** See `Replica.waitForReplay`. */
export async function waitForReplay(
  primary: PostgresServer,
  replica: PostgresServer,
  lsn?: string,
  options: ReplayWait = {},
): Promise<void> {
  const position = lsn ?? (await readCurrentPosition(primary));
  await withConnection(replica.adminUrl, (client) =>
    waitUntil(
      client,
      'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS holds',
      [position],
      options,
      `replayed up to ${position}`,
    ),
  );
}

/** See `Replica.promote`. */
export async function promote(replica: PostgresServer): Promise<void> {
  await withConnection(replica.adminUrl, async (client) => {
    const { rows } = await client.query<{ promoted: boolean }>('SELECT pg_promote(true, $1) AS promoted', [
      promotionSeconds,
    ]);
    if (rows[0]?.promoted === true) return;
    throw new LocalPostgresError(
      'promotion_failed',
      `the replica on port ${replica.port} still followed its primary after ${promotionSeconds} s`,
    );
  });
}

async function readCurrentPosition(primary: PostgresServer): Promise<string> {
  return withConnection(primary.adminUrl, async (client) => {
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
    return rows[0]?.lsn ?? '0/0';
  });
}

async function waitUntil(
  client: Client,
  sql: string,
  values: readonly string[],
  { timeoutMs = defaultTimeoutMs, signal }: ReplayWait,
  state: string,
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (true) {
    signal?.throwIfAborted();
    const { rows } = await client.query<{ holds: boolean }>(sql, [...values]);
    if (rows[0]?.holds === true) return;
    if (performance.now() > giveUpAt) {
      throw new LocalPostgresError('replay_timed_out', `the replica was not ${state} within ${timeoutMs} ms`);
    }
    await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
  }
}
