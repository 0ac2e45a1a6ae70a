import { z } from 'zod';
import { newEvent } from './append';
import { aggregateType } from './event';
import { aggregateId } from './id';

/** One line of an import: an event as an append takes it, and the stream that it goes to. */
export const importLine = z
  .strictObject({ aggregateType, aggregateId, ...newEvent.shape })
  .meta({ id: 'ImportLine', description: 'One line of an import.' });

/**
 * A body of such lines. It is read as it comes, line by line, so that as a whole it may be anything: the first part is there to be
 * documented.
 */
export const importBody = z.union([importLine, z.unknown()]).meta({
  description: 'Lines, each of them an `ImportLine`, at most 1 MiB long; 1 GiB in all.',
});

/** Why lines are not in, by a stable name. */
const IMPORT_REASONS = [
  'malformed-json',
  'line-too-long',
  'validation',
  'text-not-storable',
  'no-idempotency-key',
  'idempotency-key-reused',
  'not-permitted',
  'conflict',
  'refused',
  'not-written',
  'outcome-unknown',
  'not-read',
] as const;

export type ImportReason = (typeof IMPORT_REASONS)[number];

/** A line of the report. */
export const importReportLine = z
  .union([
    z.object({
      line: z.int().min(1),
      toLine: z.int().nullable().optional().meta({
        description: 'With it the lines up to this one are meant; null: all that follow.',
      }),
      reason: z.enum(IMPORT_REASONS),
      errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
    z.object({
      summary: z.object({
        appended: z.int().meta({ description: 'Lines that this request has written.' }),
        repeated: z.int().meta({ description: 'Lines that were there already, by their keys.' }),
        reported: z.int().meta({ description: 'Lines of this report.' }),
        complete: z.boolean().meta({ description: 'Whether the body was read to its end.' }),
      }),
    }),
  ])
  .meta({
    id: 'ImportReportLine',
    description: 'A line, or a range of lines, that is not in, and why; at the end the summary.',
    examples: [{ line: 17, reason: 'validation', errors: [{ path: 'eventType', message: 'Invalid input' }] }],
  });
