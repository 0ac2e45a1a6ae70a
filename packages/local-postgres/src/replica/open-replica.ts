import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { withConnection } from '../admin-connection';
import { credentials } from '../credentials';
import { LocalPostgresError } from '../error';
import type { TemporaryServer } from '../postgres-server';
import type { ServerSettings } from '../server-settings';
import { startTemporaryServer } from '../temporary-server';
import { pauseReplay, promote, type ReplayWait, resumeReplay, waitForReplay } from './replay';

/** What a replica may differ in from its primary. */
export interface ReplicaOptions {
  /** Configuration parameters, on top of the primary's; `recovery_min_apply_delay` makes it lag by a fixed time. */
  readonly settings?: ServerSettings;
  /** How long the start may take, once the primary's files are copied. Default 60 000. */
  readonly timeoutMs?: number;
  /** Gives up the start; it does nothing later. */
  readonly signal?: AbortSignal;
}

/** A streaming standby of a temporary server: it accepts reads, and replays what the primary writes. */
export interface Replica extends TemporaryServer {
  /** Replay stands still: reads show the past, while what the primary writes is still received. */
  pauseReplay(): Promise<void>;
  /** Replay goes on from where it was paused. */
  resumeReplay(): Promise<void>;
  /**
   * Reads show everything up to a position in the primary's log, such as `0/3000060`. Default: where the primary is now,
   * so everything that was committed there before the call.
   * @throws LocalPostgresError `replay_timed_out`
   */
  waitForReplay(lsn?: string, options?: ReplayWait): Promise<void>;
  /**
   * It accepts writes and follows nobody any more. Its former primary keeps WAL for it until it is stopped.
   * @throws LocalPostgresError `promotion_failed`
   */
  promote(): Promise<void>;
}

/** Parameter, the values that allow a replica, and what they are called. */
const requirements = [
  { name: 'wal_level', holds: (value: string) => value !== 'minimal', wanted: 'replica or logical' },
  { name: 'max_wal_senders', holds: (value: string) => Number(value) > 0, wanted: 'at least 1' },
  { name: 'max_replication_slots', holds: (value: string) => Number(value) > 0, wanted: 'at least 1' },
] as const;

/**
 * A new standby of the primary accepts reads on a free port of 127.0.0.1, as a copy of its files that streams from its
 * present port. It is gone, with its folder and its replication slot, after `stop()` or when this process ends in any
 * way. Other settings than the primary's own come from the primary.
 * @throws LocalPostgresError `replication_impossible` if the primary's settings forbid it
 */
export async function openReplica(primary: TemporaryServer, options: ReplicaOptions = {}): Promise<Replica> {
  const slot = `holdfast_replica_${randomBytes(6).toString('hex')}`;
  const { user, password } = credentials;
  const server = await startTemporaryServer({
    version: primary.version,
    parent: dirname(primary.folder),
    replicaOf: { adminUrl: primary.adminUrl, data: join(primary.folder, 'data'), slot },
    settings: {
      ...(await readPrimarySettings(primary)),
      // How soon it looks again for a primary that has been away; PostgreSQL waits 5 seconds.
      wal_retrieve_retry_interval: '100ms',
      ...options.settings,
      hot_standby: true,
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=${user} password=${password} application_name=${slot}`,
      primary_slot_name: slot,
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // Not a spread: port, process id and URLs are getters, which change when the server comes back.
  return Object.assign(server, {
    pauseReplay: () => pauseReplay(server),
    resumeReplay: () => resumeReplay(server),
    waitForReplay: (lsn?: string, wait?: ReplayWait) => waitForReplay(primary, server, lsn, wait),
    promote: () => promote(server),
  });
}

/**
 * What the primary was started with. A standby must have room for as many connections, workers and locks, and needs
 * the libraries that the primary loads.
 */
async function readPrimarySettings(primary: TemporaryServer): Promise<ServerSettings> {
  return withConnection(primary.adminUrl, async (client) => {
    for (const { name, holds, wanted } of requirements) {
      const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name]);
      const value = rows[0]?.value ?? '';
      if (holds(value)) continue;
      throw new LocalPostgresError(
        'replication_impossible',
        `${name} is ${value} on the primary; a replica needs ${wanted}: open the primary without that setting`,
      );
    }
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, setting
         FROM pg_file_settings
        WHERE sourcefile LIKE '%/holdfast.conf'
          AND name <> 'port'`,
    );
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  });
}
