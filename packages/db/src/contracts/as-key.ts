import type { EntityManager } from 'typeorm';
import { actFor } from '../tenancy/act-for';

/** What the contract goes on to ask, it asks in the application's role for this key, whoever asked before. */
export async function askAsKey(manager: EntityManager, keyHash: Buffer): Promise<void> {
  await manager.query('set local role holdfast_app');
  await actFor(manager, keyHash);
}
