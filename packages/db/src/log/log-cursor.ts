import { z } from 'zod';
import { InvalidCursorError } from '../repositories/keyset';
import { cursorPosition } from '../repositories/sort-key';

const cursor = z.tuple([z.literal('log'), cursorPosition]);

export function renderLogCursor(position: string): string {
  return Buffer.from(JSON.stringify(['log', position])).toString('base64url');
}

/** @throws InvalidCursorError for a text that is no cursor of the log. */
export function readLogCursor(text: string): string {
  try {
    return cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))[1];
  } catch {
    throw new InvalidCursorError('log');
  }
}
