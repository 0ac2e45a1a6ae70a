import type { EntityManager } from 'typeorm';
import type { ApiKeyScope } from '../entities/api-key.entity';

/** What stands for the organization of an operator's key, which has none: its rows are those of every tenant. */
export const EVERY_TENANT = '00000000-0000-0000-0000-000000000000';

/**
 * From here to its end, the transaction sees and writes what the key may: the policies of every table ask whose key has this
 * hash. Who knows no hash cannot act for its key, whatever SQL the application's role is made to run.
 *
 * The hash is a parameter, never a part of a text: the texts of all sessions of a role are shown to each of them by pg_stat_activity.
 *
 * @param scope Then a key that has it not sees and writes nothing, as one that is revoked. Default: policies ask for none.
 */
export async function actFor(manager: EntityManager, keyHash: Buffer, scope?: ApiKeyScope): Promise<void> {
  await manager.query(`select set_config('${SETTING}', $1, true)`, [renderActor(keyHash, scope)]);
}

/** What `actFor` sets, for who sends settings with a statement. */
export function actingFor(keyHash: Buffer, scope?: ApiKeyScope): Readonly<Record<string, string>> {
  return { [SETTING]: renderActor(keyHash, scope) };
}

/** What the policies read. */
const SETTING = 'holdfast.key';

function renderActor(keyHash: Buffer, scope: ApiKeyScope | undefined): string {
  const hash = keyHash.toString('hex');
  return scope === undefined ? hash : `${hash} ${scope}`;
}
