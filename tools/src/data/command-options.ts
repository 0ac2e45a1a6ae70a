import { type Options, readWholeNumber, type ValueOptions } from '../measurement/options';
import { UsageError } from '../measurement/usage-error';
import { DATA_DEFAULTS, type DataOptions, EVENT_RANGE } from './data-setting';
import { PLOTTED_DATA } from './draw-plots';
import { INDEX_CHOICES, type IndexChoice, LOAD_DEFAULTS } from './load-options';

export type DataOptionName = 'events' | 'seed' | 'until' | 'url' | 'indexes' | 'plot';

const FULL_EVENTS = 1_000_000;
const QUICK_EVENTS = 20_000;

/** What `npm run bench:data` can be told. */
export const DATA_COMMAND_OPTIONS: ValueOptions<DataOptionName> = Object.freeze({
  events: {
    value: '<n>',
    about: `rows of the table events (default ${FULL_EVENTS}, quick ${QUICK_EVENTS})`,
  },
  seed: { value: '<n>', about: `other rows of the same kind (default ${DATA_DEFAULTS.seed})` },
  until: { value: '<instant>', about: `when the log ends (default ${DATA_DEFAULTS.until})` },
  url: {
    value: '<url>',
    about: 'the database to fill, postgres://…; default: one of its own, gone afterwards',
  },
  indexes: {
    value: '<when>',
    about: `when indexes are built: ${INDEX_CHOICES.join(', ')} (default ${LOAD_DEFAULTS.indexes})`,
  },
  plot: {
    value: '<folder>',
    about: `load nothing, but draw ${PLOTTED_DATA.events} events: docs/benchmark-data is that of the documentation`,
  },
});

/** What the command is to do. */
export type DataCommand =
  | { readonly kind: 'plot'; readonly folder: string }
  | {
      readonly kind: 'load';
      readonly data: DataOptions;
      readonly indexes: IndexChoice;
      /** Undefined for a database of its own. */
      readonly url: string | undefined;
    };

/** Makes a command of what the command line says. @throws UsageError naming the option and what is allowed. */
export function readDataCommand({ quick, values }: Options<DataOptionName>): DataCommand {
  const { plot, url, ...others } = values;
  if (plot !== undefined) {
    if (plot === '') throw new UsageError('--plot needs a folder');
    const [other] = Object.keys({ ...others, ...(url !== undefined && { url }), ...(quick && { quick }) });
    if (other !== undefined) throw new UsageError(`--plot stands alone, but --${other} is there too`);
    return { kind: 'plot', folder: plot };
  }
  const maxSeed = { min: 0, max: Number.MAX_SAFE_INTEGER };
  return {
    kind: 'load',
    url: readUrl(url),
    indexes: readIndexChoice(values.indexes),
    data: {
      events: readWholeNumber('--events', values.events, quick ? QUICK_EVENTS : FULL_EVENTS, EVENT_RANGE),
      seed: readWholeNumber('--seed', values.seed, DATA_DEFAULTS.seed, maxSeed),
      until: readInstant(values.until ?? DATA_DEFAULTS.until),
    },
  };
}

function readIndexChoice(text: string = LOAD_DEFAULTS.indexes): IndexChoice {
  const choice = INDEX_CHOICES.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new UsageError(`--indexes must be one of ${INDEX_CHOICES.join(', ')}, but is "${text}"`);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/;

function readInstant(text: string): Date {
  const until = new Date(text);
  if (INSTANT.test(text) && until.getTime() >= Date.UTC(1980, 0)) return until;
  throw new UsageError(
    `--until must be an instant such as ${DATA_DEFAULTS.until}, from 1980 on, but is "${text}"`,
  );
}

/** What is wrong with one is not repeated: it may hold a password. */
function readUrl(text: string | undefined): string | undefined {
  if (text === undefined || /^postgres(?:ql)?:\/\//i.test(text)) return text;
  throw new UsageError('--url must be as postgres://user:password@host:port/database');
}
