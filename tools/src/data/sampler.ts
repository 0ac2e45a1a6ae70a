import type { Random } from '../proof/random';

/** Draws an index, from 0, with a given probability for each. */
export type Sampler = (random: Random) => number;

/**
 * Makes a sampler of weights, which need not add up to 1. A draw takes the same time for any number of weights, and one
 * random number.
 *
 * Source: the alias method of A. J. Walker, set up as by M. D. Vose.
 */
export function createSampler(weights: ArrayLike<number>): Sampler {
  const { length } = weights;
  let total = 0;
  for (let at = 0; at < length; at++) total += weights[at] ?? 0;
  if (!(total > 0)) throw new RangeError('A sampler needs a weight above 0');
  const scaled = Float64Array.from(weights, (weight) => (weight * length) / total);
  const alias = new Int32Array(length);
  const small: number[] = [];
  const large: number[] = [];
  for (const [at, weight] of scaled.entries()) (weight < 1 ? small : large).push(at);
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() as number;
    const rich = large.at(-1) as number;
    alias[poor] = rich;
    const left = (scaled[rich] as number) + (scaled[poor] as number) - 1;
    scaled[rich] = left;
    if (left < 1) small.push(large.pop() as number);
  }
  // What is left over is whole but for rounding.
  for (const at of [...small, ...large]) scaled[at] = 1;
  return (random) => {
    const place = random() * length;
    const at = Math.floor(place);
    return place - at < (scaled[at] as number) ? at : (alias[at] as number);
  };
}

/** Makes a sampler of named shares; it draws a name. */
export function createShareSampler<Value extends string>(
  shares: Readonly<Record<Value, number>>,
): (random: Random) => Value {
  const values = Object.keys(shares) as Value[];
  const sampler = createSampler(values.map((value) => shares[value]));
  return (random) => values[sampler(random)] as Value;
}

/** Weights of Zipf's law for ranks from 1: 1/rank^exponent. */
export function listZipfWeights(length: number, exponent: number): Float64Array {
  // A division is the same on every machine; a power need not be.
  return Float64Array.from({ length }, (_, at) => (exponent === 1 ? 1 / (at + 1) : (at + 1) ** -exponent));
}

/** Draws from the normal distribution of mean 0 and deviation 1. Source: Box and Muller. */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Draws from an exponential distribution of this mean, given that the value is at most the limit. */
export function drawExponentialUpTo(limit: number, mean: number, random: Random): number {
  return -mean * Math.log(1 - random() * (1 - Math.exp(-limit / mean)));
}

/** Makes a sampler of names that stand in a list, the most frequent first, by Zipf's law. */
export function createNameSampler(names: readonly string[], exponent: number): (random: Random) => string {
  const sampler = createSampler(listZipfWeights(names.length, exponent));
  return (random) => names[sampler(random)] as string;
}
