import { createRandom, drawExponential } from '../proof/random';
import { createIdSeed, renderId } from './ids';
import { type AggregateType, MODEL } from './model';
import { OpenStreams, type Stream } from './open-streams';
import { createOperationSampler, type Operation } from './operations';
import { createPayloadSampler } from './payload';
import type { Population } from './population';
import { createProcessingSampler } from './processing';
import type { EventRow } from './rows';
import { createShareSampler } from './sampler';
import { createStreamOpener } from './stream-opener';

/**
 * The rows of `events`, in the order of the log: one operation after the other. An operation goes on with the stream that
 * has been due longest; a new stream opens where none is due, so that the streams fill the log whatever their lengths.
 */
export function* generateEvents(population: Population): Generator<EventRow> {
  const { seed, events } = population.setting;
  const random = createRandom(seed, 'events');
  const open = new OpenStreams();
  const opener = createStreamOpener(population);
  const drawOperation = createOperationSampler(population);
  const makeRow = createRowMaker(population);
  let position = 0;
  const keepOpen = (stream: Stream): void => {
    if (stream.remaining === 0) return;
    stream.due = position + drawExponential(stream.meanGap, random);
    open.add(stream);
  };
  while (position < events) {
    const timeMs = Math.floor(population.moments.ofLog((position + random()) / events));
    let stream = open.takeDue(position) ?? opener.open(timeMs);
    const operation = drawOperation(stream.organization, timeMs);
    for (let at = 0; at < operation.size && position < events; at++) {
      if (at > 0 && random() < MODEL.operations.opensStream) {
        keepOpen(stream);
        stream = opener.open(timeMs, stream.organization);
      }
      if (stream.remaining === 0) break;
      yield makeRow(stream, operation, at, position);
      position += 1;
    }
    keepOpen(stream);
  }
}

function createRowMaker(population: Population) {
  const { seed, events } = population.setting;
  const idSeed = createIdSeed(seed, 'events');
  const random = createRandom(seed, 'events/rows');
  const drawType = createTypeSampler();
  const drawPayload = createPayloadSampler(seed);
  const drawProcessing = createProcessingSampler(seed, events);
  const { delayMs, late, lateDelayMs } = MODEL.time;
  return (stream: Stream, operation: Operation, at: number, position: number): EventRow => {
    stream.version += 1;
    stream.remaining -= 1;
    // One statement after the other.
    const createdAtMs = Math.min(operation.timeMs + at, population.moments.untilMs - 1);
    const meanDelayMs = random() < late ? lateDelayMs : delayMs;
    return {
      aggregateId: stream.aggregateId,
      id: renderId(idSeed, position, createdAtMs),
      globalPosition: String(position + 1),
      aggregateType: stream.aggregateType,
      aggregateVersion: stream.version,
      eventType: drawType(stream.aggregateType, stream.version, random),
      eventTimestamp: new Date(Math.floor(createdAtMs - drawExponential(meanDelayMs, random))),
      organizationId: stream.organizationId,
      userId: operation.userId,
      correlationId: operation.correlationId,
      idempotencyKey: operation.isIdempotent ? `request-${operation.number}-${at}` : null,
      tags: operation.channel === undefined ? [...stream.tags] : [...stream.tags, operation.channel],
      payload: drawPayload(stream.number),
      ...drawProcessing(position),
      createdAt: new Date(createdAtMs),
    };
  };
}

function createTypeSampler() {
  const samplers = new Map(
    Object.entries(MODEL.aggregates).map(([type, { opening, further }]) => [
      type,
      { opening, drawFurther: createShareSampler<string>(further) },
    ]),
  );
  return (aggregateType: AggregateType, version: number, random: () => number): string => {
    const { opening, drawFurther } = samplers.get(aggregateType) as {
      opening: string;
      drawFurther: (random: () => number) => string;
    };
    return version === 1 ? opening : drawFurther(random);
  };
}
