import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type ApiBenchOptionName = 'seed' | 'rounds' | 'docs';

/** What the benchmark can be told. */
export const API_BENCH_OPTIONS: ValueOptions<ApiBenchOptionName> = Object.freeze({
  seed: { value: '<n>', about: `other arrivals of requests (default ${FULL_SETTING.seed})` },
  rounds: {
    value: '<n>',
    about: `turns of each contender (default ${FULL_SETTING.rounds}, quick ${QUICK_SETTING.rounds})`,
  },
  docs: { value: '<folder>', about: 'where benchmarks-api.md stands, to renew it with its JSON file' },
});

/** What the command is to do. */
export interface ApiBenchCommand {
  readonly setting: Setting;
  readonly docs: string | undefined;
  /** The command line that says the same. */
  readonly text: string;
}

/** Makes a command of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readApiBenchCommand({ quick, values }: Options<ApiBenchOptionName>): ApiBenchCommand {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const setting: Setting = {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    rounds: readWholeNumber('--rounds', values.rounds, defaults.rounds, { min: 1, max: 100 }),
  };
  const given = Object.entries(values).map(([name, value]) => `--${name} ${value}`);
  const words = [...(quick ? ['--quick'] : []), ...given];
  return { setting, docs: values.docs, text: ['npm run bench:api --', ...words].join(' ') };
}
