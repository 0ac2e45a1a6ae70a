import type { Traffic } from './count-traffic';
import { type Interval, readInterval, type Samples } from './interval';
import type { OperationName } from './layer';
import { BASELINE, OURS, OURS_BULK } from './line-up';
import type { Setting } from './setting';
import type { Cell, Sample } from './take-rounds';

/** What `npm run bench:peers` has found. Plain data. */
export interface PeersReport {
  readonly command: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly postgres: string;
  };
  readonly seconds: number;
  readonly setting: Setting;
  /** Those that were taken; the setting has those that were asked for. */
  readonly rounds: number;
  readonly layers: readonly LayerFigures[];
  readonly cells: readonly CellFigures[];
}

export interface LayerFigures {
  readonly name: string;
  /** The packages it is made of, with their versions. */
  readonly madeOf: readonly string[];
  /** What one call sends and is sent. */
  readonly traffic: Readonly<Partial<Record<OperationName, Traffic>>>;
}

/** An operation with so many callers. */
export interface CellFigures {
  readonly operation: OperationName;
  readonly callers: number;
  /** Of each turn. */
  readonly calls: number;
  readonly layers: readonly LayerCell[];
}

/** What a layer took for a call: medians over its turns, in microseconds, and ratios taken round by round. */
export interface LayerCell {
  readonly name: string;
  readonly wallUs: number;
  readonly clientCpuUs: number;
  /** Null where the system does not tell. */
  readonly serverCpuUs: number | null;
  /** Of the time of node-postgres with named statements. */
  readonly ratio: Interval;
  /** Of the processor time of its client. */
  readonly cpuRatio: Interval;
  /** Holdfast's time, of this layer's. Not there for Holdfast itself, nor where it has no way of its own. */
  readonly ours?: Interval;
  /** The same, with what Holdfast has for many at once. */
  readonly oursBulk?: Interval;
}

/** Sums up the turns of a cell. */
export function summarize({ operation, callers, calls, samples }: Cell): CellFigures {
  const read = (name: string, figure: (sample: Sample) => number): Samples | undefined =>
    samples[name]?.map((sample) => (sample === undefined ? undefined : figure(sample)));
  const wall = (name: string): Samples | undefined => read(name, ({ wallMs }) => wallMs);
  const clientCpu = (name: string): Samples => read(name, ({ clientCpuMs }) => clientCpuMs) ?? [];
  const layers = Object.keys(samples).map((name): LayerCell => {
    const own = wall(name) ?? [];
    const server = readMedian(read(name, ({ serverCpuMs }) => serverCpuMs) ?? []);
    return {
      name,
      wallUs: readMedian(own) * 1_000,
      clientCpuUs: readMedian(clientCpu(name)) * 1_000,
      serverCpuUs: Number.isFinite(server) ? server * 1_000 : null,
      ratio: readInterval(own, wall(BASELINE) ?? []),
      cpuRatio: readInterval(clientCpu(name), clientCpu(BASELINE)),
      ...against('ours', OURS, name),
      ...against('oursBulk', OURS_BULK, name),
    };
  });
  return { operation, callers, calls, layers };

  function against(property: 'ours' | 'oursBulk', ours: string, name: string) {
    const one = wall(ours);
    if (one === undefined || name === OURS || name === OURS_BULK) return {};
    return { [property]: readInterval(one, wall(name) ?? []) };
  }
}

function readMedian(samples: Samples): number {
  const sorted = samples.filter((sample) => sample !== undefined).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return (below + above) / 2;
}
