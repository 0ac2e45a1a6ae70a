import { z } from 'zod';
import { isWellFormed } from './well-formed';

/**
 * A text of 1 to `maxLength` characters. Half a surrogate pair is refused here, because the driver would silently
 * replace it on its way to the database.
 */
export function text(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .refine(isWellFormed, 'Invalid text: it holds half of a surrogate pair');
}
