import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withConnection } from '../admin-connection';
import { giveTo, placeCluster } from '../cluster';
import { LocalPostgresError } from '../error';
import type { ServerFolder } from '../server-folder';
import type { ServerUser } from '../server-user';
import type { ReplicaSource } from '../supervisor-protocol';
import { copyDataDirectory } from './copy-data-directory';

const slotAttempts = 100;
const slotPauseMs = 50;

/**
 * The data directory is a copy of the primary's, taken while that runs, and begins as a standby when it is started
 * with `primary_conninfo`. The primary has the slot, and so keeps what it writes from before the copy on. The caller
 * holds the start lock, and drops the slot, however this ends.
 * @throws LocalPostgresError `replication_impossible`
 */
export async function copyCluster(
  folder: ServerFolder,
  source: ReplicaSource,
  options: { readonly user: ServerUser | undefined; readonly signal?: AbortSignal },
): Promise<void> {
  await placeCluster(folder, options.user, (unfinished) =>
    withConnection(source.adminUrl, async (client) => {
      await client.query('SELECT pg_create_physical_replication_slot($1, true)', [source.slot]);
      await client.query("SELECT pg_backup_start('holdfast replica', true)");
      const data = join(unfinished, 'data');
      await mkdir(data, { mode: 0o700 });
      await giveTo(data, options.user);
      await copyDataDirectory(source.data, data, options);
      // PostgreSQL finds in the label where recovery has to begin; without it the copy would be torn pages.
      await writeStartFile(join(data, 'backup_label'), await stopBackup(client), options.user);
      await writeStartFile(join(data, 'standby.signal'), '', options.user);
    }),
  );
}

/** The primary has the slot no more, if it runs; the WAL kept for it may go. */
export async function dropSlot({ adminUrl, slot }: ReplicaSource): Promise<void> {
  for (let attempt = 1; attempt <= slotAttempts; attempt += 1) {
    try {
      await withConnection(adminUrl, (client) =>
        client.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
          [slot],
        ),
      );
      return;
    } catch (error) {
      // The primary notices a moment later that its standby has gone (object_in_use). A primary that is gone itself
      // keeps nothing.
      if (!isInUse(error)) return;
    }
    await sleep(slotPauseMs);
  }
}

async function stopBackup(client: Client): Promise<string> {
  const { rows } = await client.query<{ labelfile: string; spcmapfile: string }>(
    'SELECT labelfile, spcmapfile FROM pg_backup_stop(false)',
  );
  const [stopped] = rows;
  if (stopped === undefined || stopped.spcmapfile !== '') {
    throw new LocalPostgresError(
      'replication_impossible',
      'the primary has a tablespace outside its data folder, which a replica on the same machine would share; drop it',
    );
  }
  return stopped.labelfile;
}

async function writeStartFile(path: string, text: string, user: ServerUser | undefined): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await giveTo(path, user);
}

function isInUse(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '55006';
}
