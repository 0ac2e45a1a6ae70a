import { createRandom } from '../proof/random';
import { createIdSeed, renderId } from './ids';
import { MODEL } from './model';
import { NONE, type Population } from './population';
import { createSampler, createShareSampler, listZipfWeights } from './sampler';

/** What is written together, by whom and when. */
export interface Operation {
  /** From 0. */
  readonly number: number;
  readonly timeMs: number;
  /** How many events it means to write, from 1. */
  readonly size: number;
  readonly userId: string | null;
  readonly correlationId: string | null;
  readonly isIdempotent: boolean;
  /** A tag of all its events. */
  readonly channel: string | undefined;
}

/** Draws the operations of a log, one after the other, for the organization of the stream that each begins with. */
export function createOperationSampler(population: Population) {
  const model = MODEL.operations;
  const random = createRandom(population.setting.seed, 'events/operations');
  const idSeed = createIdSeed(population.setting.seed, 'events/operations');
  const drawSize = createSampler(model.size);
  const drawActor = createShareSampler(model.actor);
  const drawService = createSampler(listZipfWeights(MODEL.users.serviceAccounts, model.serviceExponent));
  const serviceIds = Array.from({ length: MODEL.users.serviceAccounts }, (_, user) =>
    population.userId(user),
  );
  let operations = 0;

  const drawUser = (actor: 'service' | 'person', organization: number, timeMs: number): number => {
    if (actor === 'service') return drawService(random);
    return organization === NONE ? NONE : population.drawMember(organization, random, timeMs);
  };

  return (organization: number, timeMs: number): Operation => {
    const number = operations++;
    const actor = drawActor(random);
    const user = actor === 'none' ? NONE : drawUser(actor, organization, timeMs);
    return {
      number,
      timeMs,
      size: 1 + drawSize(random),
      userId: user === NONE ? null : (serviceIds[user] ?? population.userId(user)),
      correlationId: random() < model.withoutCorrelation ? null : renderId(idSeed, number, timeMs),
      isIdempotent: random() < model.idempotent,
      channel: actor === 'none' || user === NONE ? undefined : MODEL.tags.channel[actor],
    };
  };
}
