import { z } from 'zod';
import { pageOf } from './page';
import { timestamp } from './timestamp';

const digits = z.string().meta({ description: 'Digits: it may exceed the numbers of JavaScript.' });

export const activityPage = pageOf(
  z.object({ eventType: z.string(), events: digits, lastPosition: digits, lastEventAt: timestamp }).meta({
    id: 'ActivityOfType',
    description: 'What workers have handled of one type of event.',
    examples: [
      {
        eventType: 'invoice.paid',
        events: '1042',
        lastPosition: '18204',
        lastEventAt: '2026-01-31T09:30:00.000Z',
      },
    ],
  }),
);
