import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InvalidCursorError } from '../repositories/keyset';
import { readOpaque, renderOpaque } from '../repositories/opaque-text';
import { cursorId, cursorPosition } from '../repositories/sort-key';
import { LOG_START, type LogPlace } from './log-cursor';

/** Where a reader of pages stands: at an event, and maybe beyond it. */
export interface PagePlace extends LogPlace {
  /** Positions up to here hold nothing more for this reader, as long as the scope is the same. */
  readonly scanned?: { readonly position: string; readonly scope: string } | undefined;
}

const SCOPE = /^[\w-]{16}$/;
const cursor = z.union([
  z.tuple([z.literal('log'), cursorPosition, cursorId.nullable()]),
  z.tuple([z.literal('log'), cursorPosition, cursorId.nullable(), cursorPosition, z.string().regex(SCOPE)]),
]);

/** Without what was scanned it is a cursor of `readLog` too. */
export function renderPageCursor({ position, id, scanned }: PagePlace): string {
  const isBeyond = scanned !== undefined && BigInt(scanned.position) > BigInt(position);
  const parts = ['log', position, id ?? null, ...(isBeyond ? [scanned.position, scanned.scope] : [])];
  return renderOpaque(parts);
}

/** @throws InvalidCursorError for a text that is no cursor of the log. */
export function readPageCursor(text: string | undefined): PagePlace {
  if (text === undefined) return LOG_START;
  try {
    const [, position, id, scanned, scope] = readOpaque(text, cursor);
    return {
      position,
      id: id ?? undefined,
      scanned: scanned !== undefined && scope !== undefined ? { position: scanned, scope } : undefined,
    };
  } catch {
    throw new InvalidCursorError('log');
  }
}

/** What has to be the same for positions to have been scanned: the run of the server, and who may see what. */
export function renderScope(serverRun: string, tenant: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify([serverRun, tenant]))
    .digest('base64url')
    .slice(0, 16);
}
