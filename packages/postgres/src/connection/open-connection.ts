import type { PooledClient } from './pooled-client';
import { type ConnectionPreparation, prepareConnection } from './prepare-connection';

/** The connection is open and prepared within `createMs`, or it is cut and this rejects. */
export async function openConnection(
  client: PooledClient,
  preparation: ConnectionPreparation,
): Promise<void> {
  const timer = setTimeout(() => client.cut(), preparation.createMs);
  try {
    await client.connect();
  } finally {
    clearTimeout(timer);
  }
  await prepareConnection(client, preparation);
}
