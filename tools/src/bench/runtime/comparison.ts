import { type MeasureOptions, measure, type Subject } from '../measure';
import { type Quartiles, readPairedRatio, readQuartiles } from '../quartiles';
import { findDifferences, type Way } from './way';

/** What one way took. */
export interface Row {
  readonly name: string;
  readonly nsPerOperation: Quartiles;
  /** Against the first way, round by round. */
  readonly timesFirst: Quartiles;
}

/** What several ways to do the same took. */
export interface Comparison {
  readonly rows: readonly Row[];
  /** Ways whose results are not those of the others, and results that were wrong. */
  readonly mistakes: readonly string[];
  /** How many times the time of `one` the time of `other` is, round by round. */
  ratio(one: string, other: string): number;
}

/** Samples of one way, one for each round. */
export interface Samples {
  readonly name: string;
  readonly ns: readonly number[];
}

/** In one measured call, each of several callers does so many operations, one after the other. */
const OPERATIONS_PER_CALLER = 4;

/** Measures ways, with so many callers at once, after seeing that all give the same results. */
export async function compareWays(
  ways: readonly [Way, ...Way[]],
  callers: number,
  options: MeasureOptions,
): Promise<Comparison> {
  const differences = await findDifferences(ways);
  const perCaller = callers === 1 ? 1 : OPERATIONS_PER_CALLER;
  const series = await measure(
    ways.map((way) => createSubject(way, callers, perCaller)),
    options,
  );
  const perCall = callers * perCaller;
  const samples = series.map(({ name, nsPerCall }) => ({ name, ns: nsPerCall.map((ns) => ns / perCall) }));
  const wrong = series.flatMap(({ name, wrongResults }) =>
    wrongResults === 0 ? [] : [`${name} was wrong in ${wrongResults} calls`],
  );
  return summarize(samples, [...differences, ...wrong]);
}

/** Makes a comparison of what was measured. */
export function summarize(samples: readonly Samples[], mistakes: readonly string[]): Comparison {
  const find = (name: string): readonly number[] => {
    const found = samples.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found.ns;
  };
  const first = samples[0]?.ns ?? [];
  return {
    mistakes,
    rows: samples.map(({ name, ns }) => ({
      name,
      nsPerOperation: readQuartiles(ns),
      timesFirst: readPairedRatio(ns, first),
    })),
    ratio: (one, other) => readPairedRatio(find(other), find(one)).median,
  };
}

/** A measured call resolves with how many of its operations were right. */
function createSubject({ name, run, isRight }: Way, callers: number, perCaller: number): Subject {
  let turns = 0;
  const runOnce = async (): Promise<number> => {
    const turn = turns++;
    return isRight(await run(turn), turn) ? 1 : 0;
  };
  if (callers === 1) return { name, expected: 1, call: runOnce };
  const serve = async (): Promise<number> => {
    let right = 0;
    for (let done = 0; done < perCaller; done++) right += await runOnce();
    return right;
  };
  const call = async (): Promise<number> => {
    const served = await Promise.all(Array.from({ length: callers }, serve));
    return served.reduce((total, right) => total + right, 0);
  };
  return { name, expected: callers * perCaller, call };
}
