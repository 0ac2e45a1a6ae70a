import type { Random } from '../random';

/** Draws one of a list, each as likely as the others. @throws when there is none. */
export function pick<T>(random: Random, list: readonly T[]): T {
  if (list.length === 0) throw new RangeError('there is nothing to pick from');
  return list[Math.floor(random() * list.length)] as T;
}

/** True with the probability, 0 to 1. */
export function happens(random: Random, probability: number): boolean {
  return random() < probability;
}

/** A whole number between both, which are possible too. */
export function drawWhole(random: Random, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1));
}

/** One of the weighted choices, by its weight among all. */
export function pickWeighted<T>(random: Random, choices: readonly (readonly [number, T])[]): T {
  const total = choices.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  return pick(random, choices)[1];
}
