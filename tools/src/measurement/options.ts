import { parseArgs } from 'node:util';
import { UsageError } from './usage-error';

/** An option of one command, which takes a value. */
interface ValueOption {
  /** Stands for the value in `--help`: `<n>`. */
  readonly value: string;
  readonly about: string;
}

/** The options of one command, by their names without the dashes. */
export type ValueOptions<Name extends string> = Readonly<Record<Name, ValueOption>>;

/** What the command line asks for. */
export interface Options<Name extends string = never> {
  readonly quick: boolean;
  readonly help: boolean;
  /** As given, and only what was given. */
  readonly values: Readonly<Partial<Record<Name, string>>>;
}

/** Reads the arguments behind a command: `--quick`, `--help` and its own. @throws UsageError naming what is allowed. */
export function readOptions<Name extends string>(
  args: readonly string[],
  own: ValueOptions<Name>,
): Options<Name> {
  const takesValue = Object.fromEntries(Object.keys(own).map((name) => [name, { type: 'string' as const }]));
  try {
    const { quick, help, ...values } = parseArgs({
      args: [...args],
      options: { ...takesValue, quick: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }).values;
    return { quick: quick === true, help: help === true, values: values as Options<Name>['values'] };
  } catch (error) {
    if (!isMisuse(error)) throw error;
    // Node explains at length how to write an argument that begins with a dash; its first sentence is the point.
    const [point] = error.message.split(/\.\s/);
    const allowed = listUsages(own).map(([usage]) => usage);
    throw new UsageError(`${point}; allowed are ${allowed.join(', ')}`);
  }
}

/** The value of an option that is a whole number within a range. @throws UsageError naming option, range and value. */
export function readWholeNumber(
  option: string,
  text: string | undefined,
  byDefault: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (text === undefined) return byDefault;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`${option} must be a whole number from ${min} to ${max}, but is "${text}"`);
  }
  return value;
}

/** One line for each option. */
export function renderOptions(own: ValueOptions<string>, aboutQuick: string): string {
  const usages = listUsages(own, aboutQuick);
  const width = Math.max(...usages.map(([usage]) => usage.length));
  return usages.map(([usage, about]) => `  ${usage.padEnd(width)}  ${about}`).join('\n');
}

function listUsages(own: ValueOptions<string>, aboutQuick = ''): readonly (readonly [string, string])[] {
  return [
    ['--quick', aboutQuick],
    ...Object.entries(own).map(([name, { value, about }]) => [`--${name} ${value}`, about] as const),
    ['--help', 'this text'],
  ];
}

/** By its code: within Jest, Node's own errors are of another realm, and no instance of any class here. */
function isMisuse(error: unknown): error is Error {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}
