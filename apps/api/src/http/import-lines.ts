import { createHash } from 'node:crypto';
import { type ImportedEvent, newId } from '@holdfast/db';
import type { NumberedLine } from './ndjson';
import { newEventOf } from './schemas/append';
import { type ImportReason, importLine } from './schemas/import';

/** A line, or several, that is not in, and why. */
export interface ReportedLine {
  readonly line: number;
  /** Null: all lines that follow as well. */
  readonly toLine?: number | null;
  readonly reason: ImportReason;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Reads JSON as bodies of other requests are read. @throws for what is none, and for keys that are not allowed. */
export type ReadJson = (text: string) => unknown;

/** Faults named of one line. */
const MOST_ERRORS = 5;

/** Reads a line as an event, or says why it is none. */
export function readImportLine(
  { line, text, fault }: NumberedLine,
  readJson: ReadJson,
  requestKey: string | undefined,
): ImportedEvent | ReportedLine {
  if (text === undefined) return { line, reason: fault ?? 'malformed-json' };
  let value: unknown;
  try {
    value = readJson(text);
  } catch {
    return { line, reason: 'malformed-json' };
  }
  const read = importLine.safeParse(value);
  if (!read.success) {
    const errors = read.error.issues
      .slice(0, MOST_ERRORS)
      .map(({ path, message }) => ({ path: path.join('.').slice(0, 200), message: message.slice(0, 200) }));
    return { line, reason: 'validation', errors };
  }
  if (text.includes('\\u0000') && holdsNul(read.data)) return { line, reason: 'text-not-storable' };
  const { idempotencyKey = requestKey && keyOfLine(requestKey, line), ...event } = newEventOf(read.data);
  if (idempotencyKey === undefined) return { line, reason: 'no-idempotency-key' };
  return { ...event, line, id: newId(), idempotencyKey };
}

/** A line has its key by the key of its request and its number: sent again it is known. */
function keyOfLine(requestKey: string, line: number): string {
  return `import:${createHash('sha256').update(requestKey).digest('base64url').slice(0, 22)}:${line}`;
}

function holdsNul(root: unknown): boolean {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string' && value.includes('\0')) return true;
    if (typeof value === 'object' && value !== null) {
      pending.push(...Object.keys(value), ...Object.values(value));
    }
  }
  return false;
}
