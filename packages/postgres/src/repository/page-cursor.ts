import { createHash } from 'node:crypto';
import { InvalidOptionError } from '@holdfast/resilience';

/** What the server sent for each column of the order. */
type Texts = readonly (string | null)[];

const DIGEST_BYTES = 6;

/**
 * Renders a place of an order as an opaque text. It holds what the server sent, and not what was made of it: a Date has milliseconds where the server
 * has microseconds, and a page after one would skip rows or repeat them.
 * @param order What the place is one of: entity and order, as they stand in the statement.
 */
export function renderCursor(order: string, texts: Texts): string {
  const body = Buffer.from(JSON.stringify(texts));
  return Buffer.concat([digestOf(order, body), body]).toString('base64url');
}

/** @throws InvalidOptionError for what is no cursor of this order, or was changed on its way. */
export function readCursor(order: string, cursor: unknown): Texts {
  if (typeof cursor === 'string') {
    const bytes = Buffer.from(cursor, 'base64url');
    const body = bytes.subarray(DIGEST_BYTES);
    if (bytes.subarray(0, DIGEST_BYTES).equals(digestOf(order, body))) return JSON.parse(body.toString());
  }
  throw new InvalidOptionError('after', cursor, 'what `next` was of a page of this entity in this order');
}

/** Tells a cursor of another order, and one that was cut or changed by mistake. It keeps nobody from making one: it holds parameters alone. */
function digestOf(order: string, body: Buffer): Buffer {
  return createHash('sha256').update(order).update('\0').update(body).digest().subarray(0, DIGEST_BYTES);
}
