import { z } from 'zod';
import { InvalidCursorError } from '../repositories/keyset';
import { readOpaque, renderOpaque } from '../repositories/opaque-text';
import { cursorId, cursorPosition } from '../repositories/sort-key';

/** The event that a reader of the log stands at. */
export interface LogPlace {
  readonly position: string;
  /** Tells the event from another one that was given its position later. Undefined before the first event. */
  readonly id: string | undefined;
  /** How far a reader for a key has looked in vain since, among the events of others. */
  readonly looked?: LookedThrough | undefined;
}

/** In one run of the server: in another one positions may be given out again. */
interface LookedThrough {
  readonly position: string;
  readonly serverRun: string;
}

export const LOG_START: LogPlace = Object.freeze({ position: '0', id: undefined });

const cursor = z.tuple([
  z.literal('log'),
  cursorPosition,
  cursorId.nullable(),
  z.tuple([cursorPosition, z.string().max(200)]).optional(),
]);

export function renderLogCursor({ position, id, looked }: LogPlace): string {
  const parts = ['log', position, id ?? null, ...(looked ? [[looked.position, looked.serverRun]] : [])];
  return renderOpaque(parts);
}

/** @throws InvalidCursorError for a text that is no cursor of the log. */
export function readLogCursor(text: string): LogPlace {
  try {
    const [, position, id, looked] = readOpaque(text, cursor);
    return {
      position,
      id: id ?? undefined,
      looked: looked && { position: looked[0], serverRun: looked[1] },
    };
  } catch {
    throw new InvalidCursorError('log');
  }
}
