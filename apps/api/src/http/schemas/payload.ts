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

/** The first part that would not survive. A stack of its own, because recursion is what deep nesting breaks. */
function findFault(root: unknown): Fault | undefined {
  const pending: { value: unknown; path: PropertyKey[] }[] = [{ value: root, path: [] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    if (path.length > MAX_PAYLOAD_DEPTH) {
      return { path: [], message: `Invalid payload: nested deeper than ${MAX_PAYLOAD_DEPTH} levels` };
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return { path, message: 'Invalid number: too large to keep' };
    }
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return { path, message: 'Invalid number: too large to be kept exactly; send it as a string' };
    }
    if (typeof value === 'string' && !isWellFormed(value)) {
      return { path, message: 'Invalid text: it holds half of a surrogate pair' };
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, part] of Object.entries(value)) {
      if (!isWellFormed(name)) {
        return { path, message: 'Invalid property name: it holds half of a surrogate pair' };
      }
      pending.push({ value: part, path: [...path, name] });
    }
  }
  return undefined;
}
