import type { Lease } from '../pool/lease';

/** The server has so long to leave a failed transaction, in milliseconds; then the connection is cut. */
const LIMIT_MS = 2_000;

/**
 * The connection is back in its pool: at once where it is free, and else when the server has answered, and has left the transaction that has failed. Never rejects.
 */
export async function giveBack(lease: Lease): Promise<void> {
  const { client } = lease;
  if (!isFree(lease)) {
    const timer = setTimeout(() => client.cut(), LIMIT_MS);
    try {
      // Past the lease, which sends nothing more of work that was interrupted.
      if ((await client.isAnswered()) && !isFree(lease)) await client.query('ROLLBACK');
    } catch {
      // What it cannot leave it does not come back with: the pool closes it.
    } finally {
      clearTimeout(timer);
    }
  }
  lease.release();
}

function isFree({ client }: Lease): boolean {
  return client.readyForQuery && client.getTransactionStatus() === 'I';
}
