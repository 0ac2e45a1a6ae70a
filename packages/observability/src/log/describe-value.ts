import { types } from 'node:util';
import { describeError } from './describe-error';

const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;
const MAX_TEXT_LENGTH = 2_000;
const CUT = '…';

/** Fields that hold row values or secrets wherever they turn up; compared without regard to case, `-` and `_`. */
const WITHHELD = new Set([
  'parameters',
  'params',
  'detail',
  'query',
  'sql',
  'password',
  'secret',
  'token',
  'apikey',
  'keyhash',
  'authorization',
  'cookie',
  'setcookie',
]);

/**
 * Turns a field of a log line into what may be written: primitives, dates, and plain objects and lists of them, to a
 * bounded depth and size. An error becomes its description, any other instance of a class its class name alone: an
 * entity that slips into a line must not bring its row along.
 */
export function describeValue(value: unknown, withStack: boolean, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_TEXT_LENGTH ? `${value.slice(0, MAX_TEXT_LENGTH)}${CUT}` : value;
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      return value === null ? null : describeObject(value, withStack, depth);
    default:
      // Functions and symbols say nothing.
      return undefined;
  }
}

function describeObject(value: object, withStack: boolean, depth: number): unknown {
  if (types.isNativeError(value) || value instanceof Error) return describeError(value as Error, withStack);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (depth >= MAX_DEPTH) return CUT;
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ENTRIES).map((item) => describeValue(item, withStack, depth + 1));
    return value.length > MAX_ENTRIES ? [...items, CUT] : items;
  }
  if (!isPlain(value)) return `[${value.constructor.name}]`;
  const described: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    if (!isWithheld(name)) described[name] = describeValue(field, withStack, depth + 1);
  }
  return described;
}

/** What was found out of names before: the same few come with every line. */
const judged = new Map<string, boolean>();
const MAX_JUDGED = 500;

/** Asks whether a field of this name is never written, whatever it holds. */
function isWithheld(name: string): boolean {
  let verdict = judged.get(name);
  if (verdict === undefined) {
    verdict = WITHHELD.has(name.toLowerCase().replaceAll(/[-_]/g, ''));
    if (judged.size >= MAX_JUDGED) judged.clear();
    judged.set(name, verdict);
  }
  return verdict;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // By name too, since an object from another realm has another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
