import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import { BASELINE } from './line-up';
import type { LayerProcess } from './open-layer-process';
import { OPERATIONS, type Operation } from './operations';
import { readState, restoreTables } from './tables';

/** Calls whose answers are compared. */
const COMPARED_CALLS = [0, 1, 2, 77, 1_234];

/** Where a layer answers, or writes, something else than node-postgres by hand. */
export async function findDifferences(
  layers: readonly LayerProcess[],
  client: Client,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const baseline = layers.find(({ contender }) => contender.name === BASELINE);
  if (baseline === undefined) throw new Error(`${BASELINE} takes no part`);
  const differences: string[] = [];
  for (const operation of OPERATIONS) {
    const expected = await readOutcome(baseline, operation, client);
    if (!isWhole(operation, expected.answers)) {
      throw new Error(`${operation.title}: what node-postgres answers is not whole`);
    }
    for (const layer of layers) {
      signal.throwIfAborted();
      if (layer === baseline || !layer.operations.includes(operation.name)) continue;
      const found = await readOutcome(layer, operation, client);
      const at = found.answers.findIndex(
        (answer, call) => !isDeepStrictEqual(answer, expected.answers[call]),
      );
      if (at !== -1) differences.push(describe(layer, operation, found.answers[at], expected.answers[at]));
      if (found.state !== expected.state) {
        differences.push(describe(layer, operation, found.state, expected.state));
      }
    }
  }
  await restoreTables(client);
  return differences;
}

/** Answers that are empty would be equal, and show nothing. */
function isWhole({ rows }: Operation, answers: readonly unknown[]): boolean {
  const isFull = (answer: unknown): boolean =>
    answer !== null &&
    (rows === undefined || (Array.isArray(answer) && answer.length === rows && !answer.includes(null)));
  return answers.length === COMPARED_CALLS.length && answers.every(isFull);
}

interface Outcome {
  readonly answers: readonly unknown[];
  /** Of the tables, afterwards. */
  readonly state: string;
}

async function readOutcome(
  layer: LayerProcess,
  { name, writes }: Operation,
  client: Client,
): Promise<Outcome> {
  if (!writes) return { answers: await layer.answer(name, COMPARED_CALLS), state: '' };
  await restoreTables(client);
  return { answers: await layer.answer(name, COMPARED_CALLS), state: await readState(client) };
}

const MOST_CHARACTERS = 400;

/** Of two lists, the first rows that differ. */
function describe(layer: LayerProcess, operation: Operation, found: unknown, expected: unknown): string {
  if (Array.isArray(found) && Array.isArray(expected) && found.length === expected.length) {
    const at = found.findIndex((row, number) => !isDeepStrictEqual(row, expected[number]));
    return describe(layer, operation, found[at], expected[at]);
  }
  const { title } = operation;
  const show = (answer: unknown): string => (JSON.stringify(answer) ?? '').slice(0, MOST_CHARACTERS);
  return `${title}: ${layer.contender.name} has ${show(found)} instead of ${show(expected)}`;
}
