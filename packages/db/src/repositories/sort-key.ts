import { z } from 'zod';

/** The first moment that PostgreSQL has. Its last one lies beyond those of JavaScript. */
const FIRST_MS = Date.parse('-004713-11-24T00:00:00.000Z');

/** A moment as Date#toISOString writes it; read as PostgreSQL understands it. */
export const cursorTime = z.string().refine(isMoment).transform(renderForPostgres);

// Any id that PostgreSQL takes: rows may have been written by others, with versions of UUID that RFC 9562 does not know.
export const cursorId = z.guid();

/** Behind every id that there can be: where a first page begins. */
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const MAX_BIGINT = 2n ** 63n - 1n;

/** Behind every event that there will be. */
export const LAST_POSITION = String(MAX_BIGINT);

/** A position of the log: PostgreSQL's `bigint` as digits. */
export const cursorPosition = z
  .string()
  .refine((digits) => /^\d{1,19}$/.test(digits) && BigInt(digits) <= MAX_BIGINT);

function isMoment(text: string): boolean {
  const atMs = Date.parse(text);
  return atMs >= FIRST_MS && new Date(atMs).toISOString() === text;
}

/** ISO 8601 signs years of more than four digits and counts from a year 0; PostgreSQL knows no sign, but BC. */
function renderForPostgres(iso: string): string {
  const [, year = '', rest = ''] = /^([+-]?\d+)(.*)$/.exec(iso) ?? [];
  const pad = (positive: number) => String(positive).padStart(4, '0');
  return Number(year) > 0 ? `${pad(Number(year))}${rest}` : `${pad(1 - Number(year))}${rest} BC`;
}
