/** Draws uniformly from [0, 1). */
export type Random = () => number;

/**
 * Makes a stream of random numbers that the seed and the stream's name determine, on every machine. Streams of different
 * names do not disturb each other: a policy that draws more leaves demand and latency as they were.
 *
 * Source: sfc32 of Chris Doty-Humphrey's PractRand, seeded by FNV-1a.
 */
export function createRandom(seed: number, stream: string): Random {
  let a = hash(`${seed}/${stream}/a`);
  let b = hash(`${seed}/${stream}/b`);
  let c = hash(`${seed}/${stream}/c`);
  let counter = 1;
  const draw = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first numbers still show the seed.
  for (let round = 0; round < 20; round++) draw();
  return draw;
}

/** Draws a time from an exponential distribution: between the events of a Poisson process, or of memoryless service. */
export function drawExponential(mean: number, random: Random): number {
  return -Math.log(1 - random()) * mean;
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) {
    value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return value | 0;
}
