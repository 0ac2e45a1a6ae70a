import type { EntityManager } from 'typeorm';

/** What stands for the organization of an operator's key, which has none: its rows are those of every tenant. */
export const EVERY_TENANT = '00000000-0000-0000-0000-000000000000';

/**
 * From here to its end, the transaction sees and writes what the key may: the policies of every table ask whose key has this
 * hash. Who knows no hash cannot act for its key, whatever SQL the application's role is made to run.
 *
 * The hash is a parameter, never a part of a text: the texts of all sessions of a role are shown to each of them by pg_stat_activity.
 */
export async function actFor(manager: EntityManager, keyHash: Buffer): Promise<void> {
  await manager.query(`select set_config('holdfast.key', $1, true)`, [keyHash.toString('hex')]);
}
