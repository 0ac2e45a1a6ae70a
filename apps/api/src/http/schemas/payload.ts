import { z } from 'zod';
import { isWellFormed } from './well-formed';

/** Nesting beyond this exhausts the stack of whatever reads the payload later. */
const MAX_PAYLOAD_DEPTH = 64;

/**
 * The facts of an event: any JSON object. Numbers are IEEE 754 doubles: a decimal comes back as the double nearest to
 * it. Whole numbers that doubles cannot tell apart are refused, since they would silently become others, and numbers
 * beyond every double, since they would be stored as null; half surrogate pairs and deep nesting, since PostgreSQL
 * refuses them.
 */
export const payload = z
  .record(z.string(), z.unknown())
  .superRefine((value, context) => {
    const fault = findFault(value);
    if (fault !== undefined) context.addIssue({ code: 'custom', ...fault });
  })
  .meta({ description: 'The facts of the event.', examples: [{ amountCents: 4200, currency: 'EUR' }] });

interface Fault {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** A part that is still to be looked at, and of what it is a part. */
interface Part {
  readonly value: unknown;
  readonly name: string;
  readonly parent: Part | undefined;
  readonly depth: number;
}

/** The first part that would not survive. A stack of its own, because recursion is what deep nesting breaks. */
function findFault(root: unknown): Fault | undefined {
  const pending: Part[] = [{ value: root, name: '', parent: undefined, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (depth > MAX_PAYLOAD_DEPTH) {
      return { path: [], message: `Invalid payload: nested deeper than ${MAX_PAYLOAD_DEPTH} levels` };
    }
    const message = findOwnFault(value);
    if (message !== undefined) return { path: pathOf(next), message };
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, part] of Object.entries(value)) {
      if (!isWellFormed(name)) {
        return {
          path: pathOf(next),
          message: 'Invalid property name: it holds half of a surrogate pair',
        };
      }
      pending.push({ value: part, name, parent: next, depth: depth + 1 });
    }
  }
  return undefined;
}

function findOwnFault(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return isWellFormed(value) ? undefined : 'Invalid text: it holds half of a surrogate pair';
  }
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return 'Invalid number: too large to keep';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'Invalid number: too large to be kept exactly; send it as a string';
  }
  return undefined;
}

/** Made for the part at fault alone. */
function pathOf(part: Part): PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let at: Part | undefined = part; at?.parent !== undefined; at = at.parent) path.unshift(at.name);
  return path;
}
