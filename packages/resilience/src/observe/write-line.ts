import { readErrorCode } from '../errors/error-chain';
import type { CallContext } from '../pipeline/call-context';
import type { StructuredLogger } from './structured-logger';

/** Errors and query parameters carry user data, so a line is built from this list and from codes, never by spreading. */
const CONTEXT_FIELDS = [
  'operation',
  'component',
  'requestId',
  'traceId',
  'organizationId',
  'userId',
] as const satisfies readonly (keyof CallContext)[];

const MAX_FIELD_LENGTH = 200;
const CODE = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Writes one line with the caller's identifying fields and those facts that are known. Without a logger nothing is made.
 * A logger that throws is ignored: it must not turn a success into a failure.
 */
export function writeLine(
  logger: StructuredLogger | undefined,
  level: keyof StructuredLogger,
  message: string,
  context: CallContext | undefined,
  facts: Readonly<Record<string, string | number | undefined>>,
): void {
  if (logger === undefined) return;
  try {
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    const answer: unknown = logger[level](message, { ...pickContext(context), ...Object.fromEntries(known) });
    // An async logger throws later, and a rejection that nobody handles ends the process.
    if (answer instanceof Promise) answer.catch(ignore);
  } catch {
    // Deliberately silent: see above.
  }
}

/** An error as a log may show it: its nearest code, or else the name of its kind. Never its message. */
export function renderCode(error: unknown): string {
  // A code is what anybody has put there: a sentence in its place may be about somebody.
  const isShowable = (text: string | undefined): boolean => text !== undefined && CODE.test(text);
  return [readErrorCode(error), readName(error)].find(isShowable) ?? typeof error;
}

function readName(error: unknown): string | undefined {
  try {
    const name: unknown = error instanceof Error ? error.name : undefined;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

function pickContext(context: CallContext | undefined): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (context === undefined) return fields;
  for (const name of CONTEXT_FIELDS) {
    const value: unknown = context[name];
    if (typeof value === 'string') fields[name] = value.slice(0, MAX_FIELD_LENGTH);
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = value;
  }
  return fields;
}

function ignore(): void {}
