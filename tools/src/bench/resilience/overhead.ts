import { type MeasureOptions, measure, type Series } from '../measure';
import { type Quartiles, readPairedRatio, readQuartiles } from '../quartiles';
import { type Contender, MEASURED_SETTINGS } from './contender';
import type { CountedOperation } from './counted-operation';

/** What one contender costs around an operation. */
export interface Overhead {
  readonly name: string;
  readonly nsPerCall: Quartiles;
  /** Against the bare call in the same round. */
  readonly timesBare: Quartiles;
  /** Allocated for each call; undefined where it was not counted. Net is without what the bare call allocates. */
  readonly bytesPerCall: { readonly gross: number; readonly net: number } | undefined;
}

/** What several contenders cost around the same operation. */
export interface OverheadReport {
  readonly rows: readonly Overhead[];
  /** Calls that did not run their operation once, or did not return its value. */
  readonly mistakes: readonly string[];
  /** How many times the time of `one` the time of `other` is, round by round. */
  ratio(one: Contender, other: Contender): number;
  /** NaN where bytes were not counted. */
  netBytes(contender: Contender): number;
}

/** Measures contenders, the bare call first, each around an operation of its own. */
export async function measureOverhead(
  contenders: readonly [Contender, ...Contender[]],
  createOperation: () => CountedOperation,
  options: MeasureOptions,
): Promise<OverheadReport> {
  const bound = contenders.map(({ name, bind }) => {
    const { operation, count } = createOperation();
    return { subject: { name, expected: 1, call: bind(operation, MEASURED_SETTINGS) }, count };
  });
  const series = await measure(
    bound.map(({ subject }) => subject),
    options,
  );
  const find = ({ name }: Contender): Series => {
    const found = series.find((one) => one.name === name);
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  const bare = find(contenders[0]);
  return {
    rows: series.map((one) => summarize(one, bare)),
    mistakes: series.flatMap((one, at) => listMistakes(one, bound[at]?.count() ?? 0)),
    ratio: (one, other) => readPairedRatio(find(other).nsPerCall, find(one).nsPerCall).median,
    netBytes: (contender) => summarize(find(contender), bare).bytesPerCall?.net ?? Number.NaN,
  };
}

function summarize(series: Series, bare: Series): Overhead {
  const gross = readQuartiles(series.bytesPerCall).median;
  const isCounted = series.bytesPerCall.length > 0;
  return {
    name: series.name,
    nsPerCall: readQuartiles(series.nsPerCall),
    timesBare: readPairedRatio(series.nsPerCall, bare.nsPerCall),
    bytesPerCall: isCounted ? { gross, net: gross - readQuartiles(bare.bytesPerCall).median } : undefined,
  };
}

function listMistakes({ name, calls, wrongResults }: Series, runs: number): readonly string[] {
  const mistakes: string[] = [];
  if (wrongResults > 0) mistakes.push(`${name} returned something else in ${wrongResults} of ${calls} calls`);
  if (runs !== calls) mistakes.push(`${name} ran its operation ${runs} times in ${calls} calls`);
  return mistakes;
}
