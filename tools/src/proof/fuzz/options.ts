import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type FuzzOptionName = 'seed' | 'requests';

/** What the proof can be told. */
export const FUZZ_OPTIONS: ValueOptions<FuzzOptionName> = Object.freeze({
  seed: { value: '<n>', about: `other requests (default ${FULL_SETTING.seed})` },
  requests: { value: '<n>', about: `how many (default ${FULL_SETTING.requests})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readFuzzOptions({ quick, values }: Options<FuzzOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  return {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    requests: readWholeNumber('--requests', values.requests, defaults.requests, { min: 1, max: 10_000_000 }),
  };
}
