import { v5 as uuidv5 } from 'uuid';

/**
 * The UUID of something that has no row of its own, from its identity at the source: the same at every load, so that
 * what happened to one thing meets in one stream. `github:<kind>:<id>` is a URI, hence the namespace.
 */
export function identityOf(kind: string, id: number | string): string {
  return uuidv5(`github:${kind}:${id}`, uuidv5.URL);
}
