import { InvalidOptionError } from '@holdfast/resilience';

/** A position in the log of a server, which compares as the log runs. */
export type Lsn = bigint;

const FORM = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** Reads a position as PostgreSQL writes it: `16/B374D848`. @throws InvalidOptionError */
export function parseLsn(text: unknown): Lsn {
  const [, high, low] = typeof text === 'string' ? (FORM.exec(text) ?? []) : [];
  if (high === undefined || low === undefined) {
    throw new InvalidOptionError('lsn', text, 'a position in the log, as in 16/B374D848');
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

/** Renders a position as PostgreSQL writes it. */
export function renderLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}
