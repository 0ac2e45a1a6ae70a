import { API_KEY_SCOPES, ApiKeyRepository, newId } from '@holdfast/db';
import type { EntityManager } from 'typeorm';
import { hashApiKey, prefixOf } from './api-key-text';

/** The key to write. */
export interface OperatorKey {
  readonly text: string;
  /** What people call it. */
  readonly name: string;
}

/** The service account that keys of operators belong to which no person has made. */
const ACCOUNT = 'holdfast:operator';

/**
 * The key is in the database, with every scope and for all organizations, unless it was there already. Resolves to whether it
 * can be used: one that was revoked stays so. Runs as the owner of the tables.
 */
export async function writeOperatorKey(
  manager: EntityManager,
  pepper: string,
  { text, name }: OperatorKey,
): Promise<boolean> {
  const keyHash = hashApiKey(text, pepper);
  const [known] = await manager.query(
    `select status = 'active' and (expires_at is null or expires_at > now()) as usable from api_keys where key_hash = $1`,
    [keyHash],
  );
  if (known !== undefined) return known.usable === true;
  const userId = await findAccount(manager);
  const prefix = prefixOf(text);
  await new ApiKeyRepository(manager).create({ userId, keyHash, name, prefix, scopes: API_KEY_SCOPES });
  return true;
}

async function findAccount(manager: EntityManager): Promise<string> {
  await manager.query(
    `insert into users (id, external_id, role) values ($1, $2, 'service')
     on conflict (external_id) where external_id is not null do nothing`,
    [newId(), ACCOUNT],
  );
  const [account] = await manager.query('select id from users where external_id = $1', [ACCOUNT]);
  return String(account.id);
}
