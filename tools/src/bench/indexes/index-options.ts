import { EVENT_RANGE } from '../../data/data-setting';
import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { UsageError } from '../../measurement/usage-error';

const PARTS = ['patterns', 'sets', 'ledger'] as const;

type PartName = (typeof PARTS)[number];

export type IndexOptionName = 'events' | 'sets' | 'ledger' | 'parts' | 'docs';

const FULL = Object.freeze({
  scales: [10_000, 100_000, 1_000_000, 5_000_000],
  sets: 1_000_000,
  ledger: 300_000,
});
const QUICK = Object.freeze({ scales: [10_000, 50_000], sets: 20_000, ledger: 10_000 });

/** What `npm run bench:indexes` can be told. */
export const INDEX_OPTIONS: ValueOptions<IndexOptionName> = Object.freeze({
  events: {
    value: '<n,n>',
    about: `scales of the patterns (default ${FULL.scales.join(',')}, quick ${QUICK.scales.join(',')})`,
  },
  sets: {
    value: '<n>',
    about: `events written with each set of indexes (default ${FULL.sets}, quick ${QUICK.sets})`,
  },
  ledger: {
    value: '<n>',
    about: `events of the ledger (default ${FULL.ledger}, quick ${QUICK.ledger})`,
  },
  parts: {
    value: '<part,part>',
    about: `which of ${PARTS.join(', ')} to measure (default all)`,
  },
  docs: {
    value: '<folder>',
    about:
      'where benchmarks.md stands, to renew it with its plots and JSON files; these are written as soon as a part is measured',
  },
});

/** What the command is to do. */
export interface IndexCommand {
  readonly parts: ReadonlySet<PartName>;
  /** Smallest first. */
  readonly scales: readonly number[];
  readonly sets: number;
  readonly ledger: number;
  readonly docs: string | undefined;
  /** Of one pattern at one scale. */
  readonly budgetMs: number;
  readonly repetitions: number;
  /** Of each index in the ledger. */
  readonly stretches: number;
  /** The command line that says the same. */
  readonly text: string;
}

/** Makes a command of what the command line says. @throws UsageError naming the option and what is allowed. */
export function readIndexCommand({ quick, values }: Options<IndexOptionName>): IndexCommand {
  const defaults = quick ? QUICK : FULL;
  const { events, docs, parts } = values;
  if (docs === '') throw new UsageError('--docs needs a folder');
  const own = Object.entries(values).map(([name, value]) => `--${name} ${value}`);
  const words = [...(quick ? ['--quick'] : []), ...own];
  const scales = events === undefined ? defaults.scales : [...new Set(events.split(',').map(readScale))];
  return {
    parts: new Set(parts === undefined ? PARTS : parts.split(',').map(readPart)),
    scales: scales.toSorted((a, b) => a - b),
    sets: readWholeNumber('--sets', values.sets, defaults.sets, EVENT_RANGE),
    ledger: readWholeNumber('--ledger', values.ledger, defaults.ledger, EVENT_RANGE),
    docs,
    budgetMs: quick ? 50 : 500,
    repetitions: quick ? 20 : 200,
    stretches: quick ? 2 : 12,
    text: `npm run bench:indexes${words.length === 0 ? '' : ` -- ${words.join(' ')}`}`,
  };
}

function readScale(text: string): number {
  return readWholeNumber('--events', text, Number.NaN, EVENT_RANGE);
}

function readPart(text: string): PartName {
  const found = PARTS.find((part) => part === text);
  if (found === undefined) throw new UsageError(`--parts takes ${PARTS.join(', ')}, not "${text}"`);
  return found;
}
