import type { SetComparison } from './compare-sets';
import type { IndexCost } from './index-costs';
import type { ScaledPattern, ScaleFigures } from './measure-scale';

/** What made a part of the figures. */
export interface Origin {
  readonly command: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly node: string;
    readonly postgres: string;
  };
  readonly seconds: number;
}

/** Figures with what made them, as one file of docs/benchmarks holds them. Plain data. */
type Part<T> = Origin & T;

export type ScalePart = Part<ScaleFigures>;
export type SetsPart = Part<SetComparison>;
export type LedgerPart = Part<{ readonly events: number; readonly costs: readonly IndexCost[] }>;

/** What `npm run bench:indexes` has found, as far as it has been measured. */
export interface IndexReport {
  /** Smallest first. */
  readonly scales: readonly ScalePart[];
  readonly sets: SetsPart | undefined;
  readonly ledger: LedgerPart | undefined;
}

/** A pattern over all scales that have rows for it, smallest first. */
export interface PatternRow extends Pick<ScaledPattern, 'name' | 'indexes' | 'allowed' | 'growth'> {
  readonly byScale: readonly (Pick<ScaledPattern, 'with' | 'without' | 'literal' | 'drops'> & {
    readonly events: number;
  })[];
}

/** The patterns of all scales, each with its figures at every one, in the order of the largest. */
export function listPatternRows({ scales }: Pick<IndexReport, 'scales'>): readonly PatternRow[] {
  return (scales.at(-1)?.patterns ?? []).map((pattern) => ({
    ...pattern,
    byScale: scales.flatMap(({ events, patterns }) => {
      const found = patterns.find(({ name }) => name === pattern.name);
      return found === undefined ? [] : [{ ...found, events }];
    }),
  }));
}

/** Figures beyond what was measured would only make two runs differ in more places. */
const DIGITS = 4;

/** Numbers as exact as they are: what is rendered and what is kept come from the same ones. */
export function roundFigures<T>(figures: T): T {
  return JSON.parse(
    JSON.stringify(figures, (_, value: unknown) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value,
    ),
  );
}
