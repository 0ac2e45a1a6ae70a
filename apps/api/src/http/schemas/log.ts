import { z } from 'zod';
import { event, eventType } from './event';
import { limit } from './page';

const after = z
  .string()
  .min(1)
  .max(1_000)
  .meta({ description: 'Where to read on: `after` of the page before, or the id of a message of the tail.' });

export const logQuery = z.strictObject({
  after: after.optional(),
  limit: limit.optional(),
});

export const logPage = z
  .object({
    items: z.array(event).readonly(),
    after: z
      .string()
      .meta({ description: 'Give it back to read on, now or later: the log has no last page.' }),
    isAtEnd: z.boolean().meta({
      description:
        'Nothing that can be read yet stands behind it. Until then read on, also where a page is empty.',
    }),
    lag: z
      .int()
      .min(0)
      .meta({ description: 'Positions behind the page, be they still written, rolled back or of others.' }),
  })
  .meta({ id: 'LogPage' });

/** Types that one tail may ask for. */
const MAX_TAIL_TYPES = 50;

export const tailQuery = z
  .strictObject({
    after: after.optional(),
    from: z
      .enum(['start', 'end'])
      .meta({
        description:
          'Where a stream without `after` begins: `start`, with the first event, or `end`, with what is committed from now on.',
      })
      .optional(),
    type: z
      .union([eventType, z.array(eventType).min(1).max(MAX_TAIL_TYPES)])
      .meta({ description: 'Only events of this type; repeat it for several.' })
      .optional(),
  })
  .refine(({ after, from }) => after === undefined || from === undefined, {
    message: 'Invalid combination: after and from both say where to begin',
  });
