import { runCommand } from '../run-command';
import { type Claim, findBroken, renderClaims } from './claims';
import { type Options, readOptions, renderOptions, type ValueOptions } from './options';
import { UsageError } from './usage-error';

/** What a measurement has found, for programs; it shows people its tables as it goes. */
export interface Findings {
  /** Plain data. */
  readonly figures: Readonly<Record<string, unknown>>;
  readonly claims: readonly Claim[];
}

/** What a measurement is given to work with. */
export interface MeasurementRun<Name extends string = never> {
  readonly options: Options<Name>;
  /** Aborts when the command is told to stop. */
  readonly signal: AbortSignal;
  /** Adds a block to the report on standard output: a table, or lines that belong together. */
  readonly show: (block: string) => void;
  /** Says on standard error what is going on. */
  readonly say: (line: string) => void;
}

/** A command that finds something out and judges it: a benchmark or a proof. */
export interface Measurement<Name extends string = never> {
  readonly family: 'bench' | 'proof';
  /** `resilience`, for `npm run bench:resilience`. */
  readonly name: string;
  /** Stands in `--help`: what it measures, and what must hold. */
  readonly about: string;
  /** Stands there too: what `--quick` does. */
  readonly aboutQuick: string;
  /** What it can be told besides `--quick` and `--help`. */
  readonly options: ValueOptions<Name>;
  /** @throws UsageError before anything is measured, when the value of an option is wrong. */
  readonly run: (run: MeasurementRun<Name>) => Promise<Findings>;
}

/** Wrong use of a command, apart from what it found: 1 is for that. */
const USAGE_EXIT_CODE = 2;

/**
 * Runs a measurement to its end: standard output holds what it shows, its claims and, as the last line, one JSON object.
 * The exit code is 0 when everything held that decides, 1 when something did not or the run failed, 2 when an argument
 * is wrong, that of the signal when it was stopped. Never rejects.
 */
export async function runMeasurement<Name extends string>(
  measurement: Measurement<Name>,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const command = `npm run ${measurement.family}:${measurement.name}`;
  const measure = async (signal: AbortSignal): Promise<void> => {
    try {
      const options = readOptions(args, measurement.options);
      if (options.help) process.stdout.write(renderHelp(measurement, command));
      else await report(measurement, options, signal);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(`${command}: ${error.message}\n`);
      process.exitCode = USAGE_EXIT_CODE;
    }
  };
  await runCommand(command, measure, { describeStop: () => 'stopped before it was done' });
}

async function report<Name extends string>(
  { family, name, run }: Measurement<Name>,
  options: Options<Name>,
  signal: AbortSignal,
): Promise<void> {
  const { quick } = options;
  const show = (block: string) => void process.stdout.write(`${block}\n\n`);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const { figures, claims } = await run({ options, signal, show, say });
  const broken = findBroken(claims, { quick });
  const passed = broken.length === 0;
  show(renderClaims(claims, { quick }));
  process.stdout.write(`${JSON.stringify({ [family]: name, quick, passed, ...figures, claims })}\n`);
  if (!passed) {
    throw new Error(`${broken.length} of ${claims.length} claims did not hold, such as: ${broken[0]?.claim}`);
  }
}

function renderHelp({ about, aboutQuick, options }: Measurement<string>, command: string): string {
  return `${command} -- [options]

${about}

${renderOptions(options, aboutQuick)}

The last line of the output is one JSON object with all figures. Exit code: 0 when everything held, 1 when something did
not, 2 when an argument is wrong.
`;
}
