import { PoolClosedError } from '../pool/pool-error';
import type { PooledClient } from './pooled-client';
import { type ConnectionPreparation, prepareConnection } from './prepare-connection';

/**
 * The connection is open and prepared within `createMs`, or it is cut and this rejects.
 * @throws PoolClosedError when this side has closed it meanwhile; otherwise why it could not be opened.
 */
export async function openConnection(
  client: PooledClient,
  preparation: ConnectionPreparation,
): Promise<void> {
  const timer = setTimeout(() => client.cut(), preparation.createMs);
  try {
    await client.connect();
  } catch (error) {
    throw client.isClosedHere ? new PoolClosedError() : error;
  } finally {
    clearTimeout(timer);
  }
  await prepareConnection(client, preparation);
}
