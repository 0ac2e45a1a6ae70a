import type { PooledClient } from '../connection/pooled-client';

/**
 * Whether the server has said it, and so has not come to what was behind. It names a routine in each of its errors, and goes on after most. A
 * pooler says in an error of its own, without one, that it has lost the server, which may have done everything by then.
 */
export async function isWordOfServer(client: PooledClient, error: unknown): Promise<boolean> {
  const { routine } = (error ?? {}) as { readonly routine?: unknown };
  return (typeof routine === 'string' && routine !== '') || client.isAnswered();
}
