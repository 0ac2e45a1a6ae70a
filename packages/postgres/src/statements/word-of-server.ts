/**
 * Whether PostgreSQL itself has said it, which names a routine in each of its errors: then it has not come to what was behind. A pooler
 * says in an error of its own, without one, that it has lost the server, which may have done everything by then; and so may a server whose answer
 * this side has failed to wait for.
 */
export function isWordOfServer(error: unknown): boolean {
  const { routine } = (error ?? {}) as { readonly routine?: unknown };
  return typeof routine === 'string' && routine !== '';
}
