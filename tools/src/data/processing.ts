import { MAX_EVENT_ATTEMPTS } from '@holdfast/db';
import { createRandom } from '../proof/random';
import { MODEL } from './model';
import { createSampler } from './sampler';

/** How far the workers have come with an event. */
export interface Processing {
  readonly processed: boolean;
  readonly retryCount: number;
  readonly lastError: string | null;
}

const ERRORS = [
  'no answer within 5000 ms',
  'the receiver answered 503',
  'connection refused',
  'the receiver answered 409: already there',
] as const;

const DONE: Processing = Object.freeze({ processed: true, retryCount: 0, lastError: null });

/** Decides, for places of the log from 0, what has become of the event there. */
export function createProcessingSampler(seed: number, events: number): (position: number) => Processing {
  const model = MODEL.processing;
  const random = createRandom(seed, 'events/processing');
  const drawWaiting = createSampler(model.waitingRetries);
  const drawProcessed = createSampler(model.processedRetries);
  const backlogFrom = events * (1 - model.backlogShareOfLog);
  const fail = (processed: boolean, retryCount: number): Processing => ({
    processed,
    retryCount,
    lastError: retryCount === 0 ? null : (ERRORS[Math.floor(ERRORS.length * random() ** 2)] ?? null),
  });
  return (position) => {
    if (random() < model.givenUp) return fail(false, MAX_EVENT_ATTEMPTS);
    if (position >= backlogFrom && random() < model.waiting) return fail(false, drawWaiting(random));
    const retryCount = drawProcessed(random);
    return retryCount === 0 ? DONE : fail(true, retryCount);
  };
}
