import { z } from 'zod';
import { InvalidCursorError } from '../repositories/keyset';
import { cursorId, cursorPosition } from '../repositories/sort-key';

/** The event that a reader of the log stands at. */
export interface LogPlace {
  readonly position: string;
  /** Tells the event from another one that was given its position later. Undefined before the first event. */
  readonly id: string | undefined;
}

export const LOG_START: LogPlace = Object.freeze({ position: '0', id: undefined });

const cursor = z.tuple([z.literal('log'), cursorPosition, cursorId.nullable()]);

export function renderLogCursor({ position, id }: LogPlace): string {
  return Buffer.from(JSON.stringify(['log', position, id ?? null])).toString('base64url');
}

/** @throws InvalidCursorError for a text that is no cursor of the log. */
export function readLogCursor(text: string): LogPlace {
  try {
    const [, position, id] = cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { position, id: id ?? undefined };
  } catch {
    throw new InvalidCursorError('log');
  }
}
