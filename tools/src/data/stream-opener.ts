import { createRandom } from '../proof/random';
import { createIdSeed, renderId } from './ids';
import { type AggregateType, MODEL } from './model';
import type { Stream } from './open-streams';
import { NONE, type Population } from './population';
import { createSampler, listZipfWeights } from './sampler';

/** Opens streams: decides what each is about, whose it is, and how many events it will have. */
export interface StreamOpener {
  /** Opens one at a time of the log, of the given organization or, without one, of a drawn one. */
  open(timeMs: number, organization?: number): Stream;
}

export function createStreamOpener(population: Population): StreamOpener {
  const { seed, events } = population.setting;
  const model = MODEL.streams;
  const random = createRandom(seed, 'events/streams');
  const idSeed = createIdSeed(seed, 'events/streams');
  const types = Object.keys(MODEL.aggregates) as AggregateType[];
  const drawType = createSampler(types.map((type) => MODEL.aggregates[type].share));
  const maxLength = readMaxStreamLength(events);
  const drawLength = createSampler(listZipfWeights(maxLength, model.lengthExponent));
  const lifetime = Math.min(model.lifetimeEvents, events * model.lifetimeShareOfLog);
  const drawTags = createTagSampler(population);
  let streams = 0;

  const drawOwner = (timeMs: number): number =>
    random() < model.withoutOrganization ? NONE : population.drawOrganization(random, timeMs);

  return {
    open(timeMs, organization = drawOwner(timeMs)) {
      const number = streams++;
      const aggregateType = types[drawType(random)] as AggregateType;
      const length = 1 + drawLength(random);
      return {
        number,
        aggregateType,
        aggregateId: renderId(idSeed, number, timeMs),
        organization,
        organizationId: organization === NONE ? null : population.organizationId(organization),
        tags: drawTags(aggregateType, number, organization),
        meanGap: Math.max(model.minGap, lifetime / length),
        version: 0,
        remaining: length,
        due: 0,
      };
    },
  };
}

/** How many events the longest stream of a log may have. */
export function readMaxStreamLength(events: number): number {
  const { maxLength, maxShareOfLog } = MODEL.streams;
  return Math.min(maxLength, Math.floor(events * maxShareOfLog));
}

function createTagSampler({ setting: { seed, events } }: Population) {
  const model = MODEL.tags;
  const random = createRandom(seed, 'events/tags');
  const customers = Math.max(1, Math.round(events / model.eventsPerCustomer));
  const drawCustomer = createSampler(listZipfWeights(customers, model.customerExponent));
  const drawProduct = createSampler(listZipfWeights(model.products, model.productExponent));
  return (aggregateType: AggregateType, stream: number, organization: number): readonly string[] => {
    const tags = [`${aggregateType}:${stream + 1}`];
    if (organization !== NONE) tags.push(`organization:${organization + 1}`);
    if (random() < model.customer) tags.push(`customer:${drawCustomer(random) + 1}`);
    if (random() < model.product) tags.push(`product:${drawProduct(random) + 1}`);
    return tags;
  };
}
