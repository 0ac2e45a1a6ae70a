/** Four hexadecimal digits for each number of 16 bits. */
const DIGITS: readonly string[] = Array.from({ length: 0x1_0000 }, (_, value) =>
  value.toString(16).padStart(4, '0'),
);

/** What a kind of rows is told apart by: a seed of its own for its ids. */
export type IdSeed = number;

/** Makes the seed of a kind's ids from that of the data. Source: FNV-1a. */
export function createIdSeed(seed: number, kind: string): IdSeed {
  let value = 0x811c9dc5;
  for (const character of `${seed}/${kind}`) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193);
  return value;
}

/**
 * The id of the row with this number: a UUID of version 7 at a time, always the same one, without keeping any. Two
 * numbers of a kind never share an id: `scramble` is one to one.
 */
export function renderId(seed: IdSeed, number: number, timeMs: number): string {
  const a = scramble(number ^ seed);
  const b = scramble(a ^ 0x5bd1e995);
  const c = scramble((number + seed) ^ 0x1b873593);
  return (
    `${digits(Math.floor(timeMs / 2 ** 32))}${digits(timeMs / 2 ** 16)}-${digits(timeMs)}-` +
    `${digits(0x7000 | (c & 0x0fff))}-${digits(0x8000 | ((c >>> 12) & 0x3fff))}-` +
    `${digits(a >>> 16)}${digits(a)}${digits(b)}`
  );
}

/** A number of [0, 1) that belongs to the row with this number. */
export function drawAt(seed: IdSeed, number: number): number {
  return (scramble(scramble(number ^ seed) ^ 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

function digits(value: number): string {
  return DIGITS[value & 0xffff] as string;
}

/** Source: the finalizer of A. Appleby's MurmurHash3, a permutation of the numbers of 32 bits. */
function scramble(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
