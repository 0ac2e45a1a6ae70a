import { renderCount } from '../../proof/line-chart';
import type { DataSetting } from '../data-setting';
import { MODEL } from '../model';
import { DAY_MS } from '../moments';
import { type DataProfile, LOG_PERIODS, type Tally } from '../profile';
import { listZipfWeights } from '../sampler';
import { readMaxStreamLength } from '../stream-opener';
import { expectPeriods, expectTail, expectZipf, listCounts, listTicks } from './expectations';
import { renderShare } from './frame';
import { renderHistogram } from './histogram';
import { listDrawnRanks, type Point, rankCounts, renderRankPlot } from './rank-plot';
import { renderSharePlot, type Share } from './share-plot';

type Plot = (profile: DataProfile, setting: DataSetting) => string;

/** The plots of the table `events`, by the names of their files. */
export const LOG_PLOTS = {
  growth: (profile, { events, untilMs }) => {
    const { logDays, growth } = MODEL.time;
    const counts = listCounts(profile.eventsPerPeriod, 0, LOG_PERIODS);
    const startYear = new Date(untilMs - logDays * DAY_MS).getUTCFullYear();
    return renderHistogram({
      title: 'The log grows',
      subtitle: `${renderCount(events)} events in ${logDays} days, ${growth} times as many per day at the end as at the start`,
      description: `Events in each thirtieth of the log's time: ${counts[0]} in the first, ${counts.at(-1)} in the last.`,
      axis: `thirtieths of the log's time, from ${startYear} on`,
      generatedKey: 'generated events',
      counts,
      modelKey: 'model: linear growth',
      model: expectPeriods(events, untilMs),
      ticks: [0, 5, 10, 15, 20, 25, 30].map((at) => [at, String(at)]),
    });
  },

  tenants: ({ eventsPerOrganization }, { events, organizations }) => {
    const counts = eventsPerOrganization.sorted;
    const { sizeExponent } = MODEL.organizations;
    return renderRankPlot({
      title: 'A few organizations have most events',
      subtitle: `${renderCount(organizations)} organizations; the largest has ${renderShare((counts[0] ?? 0) / events)} of all events`,
      description: `Events per organization by rank, both logarithmic: from ${counts[0]} for the largest down to ${counts.at(-1)}.`,
      axis: 'rank of the organization',
      generatedKey: 'events of an organization',
      generated: rankCounts(counts),
      modelKey: `model: Zipf, exponent ${sizeExponent}`,
      model: expectZipf(organizations, sizeExponent, eventsPerOrganization.total),
    });
  },

  actors: ({ eventsPerUser }, { events, users }) => {
    const counts = eventsPerUser.sorted;
    const { serviceAccounts } = MODEL.users;
    const { actor, serviceExponent } = MODEL.operations;
    const ofServices = counts.slice(0, serviceAccounts).reduce((sum, count) => sum + count, 0);
    return renderRankPlot({
      title: 'A few service accounts write most events',
      subtitle: `${renderCount(users)} users; the ${serviceAccounts} first write ${renderShare(ofServices / events)}, nobody ${renderShare(1 - eventsPerUser.total / events)}`,
      description: `Events per user by rank, both logarithmic: from ${counts[0]} for the busiest service account down to ${counts.at(-1)}.`,
      axis: 'rank of the user',
      generatedKey: 'events of a user',
      generated: rankCounts(counts),
      modelKey: `model: service accounts, Zipf, exponent ${serviceExponent}`,
      model: expectZipf(serviceAccounts, serviceExponent, events * actor.service),
    });
  },

  streams: ({ eventsPerStream }, { events }) => {
    const lengths = eventsPerStream.sorted;
    const { lengthExponent } = MODEL.streams;
    const maxLength = readMaxStreamLength(events);
    return renderRankPlot({
      title: 'Most streams are short, a few are long',
      subtitle: `${renderCount(lengths.length)} streams, ${(events / lengths.length).toFixed(1)} events in the mean, ${renderCount(lengths[0] ?? 0)} in the longest`,
      description: `Share of the streams with at least so many events, both logarithmic. The longest has ${lengths[0]} events.`,
      axis: 'at least so many events',
      generatedKey: 'share of the streams',
      generated: listDrawnRanks(lengths[0] ?? 1).map((least): Point => {
        return [least, lengths.filter((length) => length >= least).length / lengths.length];
      }),
      modelKey: `model: Zipf, exponent ${lengthExponent}, at most ${renderCount(maxLength)}`,
      model: expectTail(listZipfWeights(maxLength, lengthExponent)),
      values: 'share',
    });
  },

  types: ({ eventsPerType }, { events }) => {
    const counts = eventsPerType.sorted;
    return renderRankPlot({
      title: 'Types of events are common or very rare',
      subtitle: `${counts.length} types occur; the commonest is ${renderShare((counts[0] ?? 0) / events)} of all events`,
      description: `Events per type by rank, both logarithmic: from ${counts[0]} down to ${counts.at(-1)}.`,
      axis: 'rank of the type',
      generatedKey: 'events of a type',
      generated: counts.map((count, at) => [at + 1, count]),
    });
  },

  tags: ({ eventsPerTag }, { events }) => {
    const counts = eventsPerTag.sorted;
    return renderRankPlot({
      title: 'Tags are on half of all events, or on one',
      subtitle: `${renderCount(counts.length)} tags, ${(eventsPerTag.total / events).toFixed(1)} on an event in the mean`,
      description: `Events per tag by rank, both logarithmic: from ${counts[0]} down to ${counts.at(-1)}.`,
      axis: 'rank of the tag',
      generatedKey: 'events with a tag',
      generated: rankCounts(counts),
    });
  },

  operations: ({ eventsPerCorrelation }) => {
    const sizes = MODEL.operations.size;
    const correlations = eventsPerCorrelation.sorted;
    const shares = sizes.map((model, at): Share => {
      const found = correlations.filter((count) => count === at + 1).length;
      return { label: renderEvents(at + 1), share: found / correlations.length, model };
    });
    return renderSharePlot({
      title: 'A correlation id is on one to ten events',
      subtitle: `${renderCount(correlations.length)} correlation ids, ${(eventsPerCorrelation.total / correlations.length).toFixed(1)} events in the mean`,
      description: `Shares of correlation ids by their number of events, from 1 to ${correlations[0]}.`,
      modelKey: 'meant: fewer where the streams end',
      groups: [{ heading: '', shares }],
    });
  },

  processing: ({ processedRetries, unprocessedRetries }, { events }) => {
    const { waitingRetries, backlogShareOfLog, waiting, givenUp } = MODEL.processing;
    const waits = backlogShareOfLog * waiting * (1 - givenUp);
    return renderSharePlot({
      title: 'Nearly all events are processed',
      subtitle: `${renderShare(unprocessedRetries.total / events)} of ${renderCount(events)} events are not, and ${renderShare(unprocessedRetries.count(waitingRetries.length) / events)} never will be`,
      description: 'Shares of processed and of unprocessed events by their failures so far.',
      modelKey: 'model',
      groups: [
        {
          heading: 'Processed, after',
          shares: MODEL.processing.processedRetries.map((model, retries) => ({
            label: renderFailures(retries),
            share: processedRetries.share(retries),
            model,
          })),
        },
        {
          heading: 'Unprocessed, after',
          shares: [...waitingRetries.map((share) => share * waits), givenUp].map((expected, retries) => ({
            label:
              retries < waitingRetries.length
                ? renderFailures(retries)
                : `${renderFailures(retries)}: given up`,
            share: unprocessedRetries.share(retries),
            model: expected / (waits + givenUp),
          })),
        },
      ],
    });
  },

  payloads: ({ payloadBytes }, { events }) => {
    const { medianBytes, sigma } = MODEL.payload;
    const counts = Array.from({ length: PAYLOAD_BINS }, (_, bin) => sumBin(payloadBytes, bin));
    return renderHistogram({
      title: 'Payloads are some hundred bytes',
      subtitle: `Text of the JSON; median ${medianBytes} bytes`,
      description: `Events by bytes of their payload, in steps of ${PAYLOAD_BIN_BYTES}: most between 200 and 600.`,
      axis: 'bytes',
      generatedKey: 'generated events',
      counts,
      modelKey: `model: log-normal, sigma ${sigma}`,
      model: counts.map(
        (_, bin) => events * PAYLOAD_BIN_BYTES * densityOfPayload((bin + 0.5) * PAYLOAD_BIN_BYTES),
      ),
      ticks: listTicks(PAYLOAD_BINS, 4, (bin) => String(bin * PAYLOAD_BIN_BYTES)),
    });
  },
} satisfies Readonly<Record<string, Plot>>;

const PAYLOAD_BIN_BYTES = 25;
const PAYLOAD_BINS = 40;

function sumBin(payloadBytes: Tally<number>, bin: number): number {
  let sum = 0;
  for (let at = 0; at < PAYLOAD_BIN_BYTES; at++) sum += payloadBytes.count(bin * PAYLOAD_BIN_BYTES + at);
  return sum;
}

function densityOfPayload(bytes: number): number {
  const { medianBytes, sigma } = MODEL.payload;
  const deviation = Math.log(bytes / medianBytes) / sigma;
  return Math.exp(-0.5 * deviation ** 2) / (bytes * sigma * Math.sqrt(2 * Math.PI));
}

function renderEvents(count: number): string {
  return count === 1 ? '1 event' : `${count} events`;
}

function renderFailures(count: number): string {
  return count === 1 ? '1 failure' : `${count} failures`;
}
