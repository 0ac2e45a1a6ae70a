import { z } from 'zod';

/** A moment in an answer: a Date inside, ISO 8601 in UTC with milliseconds on the wire. */
export const timestamp = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** A moment in a request: ISO 8601 with a zone. An offset can move it out of the years that both sides can write. */
export const givenTimestamp = z.iso.datetime({ offset: true }).refine((text) => {
  const atMs = Date.parse(text);
  // What is no moment at all (NaN) has been refused already.
  return !(atMs < FIRST_MS || atMs > LAST_MS);
}, 'Invalid moment: outside of the years 1 to 9999 in UTC');
