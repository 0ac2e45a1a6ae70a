import type { Event } from '../entities/event.entity';

/** Where an event is in its stream, for three arrays of one statement. */
export type EventKey = Pick<Event, 'aggregateType' | 'aggregateId' | 'aggregateVersion'>;

/** Tells streams apart. */
export const streamOf = ({ aggregateType, aggregateId }: EventKey): string =>
  JSON.stringify([aggregateType, aggregateId]);

/** Tells events apart. */
export const renderKey = ({ aggregateType, aggregateId, aggregateVersion }: EventKey): string =>
  JSON.stringify([aggregateType, aggregateId, aggregateVersion]);

export const keyArrays = (keys: readonly EventKey[]): unknown[] => [
  keys.map(({ aggregateType }) => aggregateType),
  keys.map(({ aggregateId }) => aggregateId),
  keys.map(({ aggregateVersion }) => aggregateVersion),
];

/** SQL that is true of a row with the key of one of the events, which are the first three parameters. */
export const isOneOf = (
  row: string,
): string => `(${row}.aggregate_type, ${row}.aggregate_id, ${row}.aggregate_version) in (
      select * from unnest($1::text[], $2::uuid[], $3::integer[])
    )`;
