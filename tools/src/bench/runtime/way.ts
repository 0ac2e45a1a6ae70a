import { isDeepStrictEqual } from 'node:util';

/** A way to do an operation, to be measured beside others. */
export interface Way {
  readonly name: string;
  /** Does it once. `turn`: 0, 1, 2, …, by which the ways of one operation choose the same rows. */
  readonly run: (turn: number) => Promise<unknown>;
  /** Whether a result is the one of its turn, as far as that can be told at almost no cost. */
  readonly isRight: (result: unknown, turn: number) => boolean;
}

/** So many turns are compared, which is also enough for a statement to be prepared and its plan to be settled. */
const COMPARED_TURNS = 12;

/** Lists the ways whose results are not those of the first. Instances of entities are compared as plain objects. */
export async function findDifferences(ways: readonly [Way, ...Way[]]): Promise<readonly string[]> {
  const [first, ...others] = ways;
  const problems = new Set<string>();
  for (let turn = 0; turn < COMPARED_TURNS; turn++) {
    const wanted = await first.run(turn);
    if (!first.isRight(wanted, turn)) problems.add(`${first.name} is not right`);
    for (const { name, run } of others) {
      if (!isDeepStrictEqual(structuredClone(await run(turn)), structuredClone(wanted))) {
        problems.add(`${name} and ${first.name} differ`);
      }
    }
  }
  return [...problems];
}
