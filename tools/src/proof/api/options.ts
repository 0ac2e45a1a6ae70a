import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type ApiOptionName = 'seed' | 'seconds' | 'restarts';

/** What the proof can be told. */
export const API_OPTIONS: ValueOptions<ApiOptionName> = Object.freeze({
  seed: { value: '<n>', about: `other requests of the clients (default ${FULL_SETTING.seed})` },
  seconds: { value: '<n>', about: `how long there is load (default ${FULL_SETTING.loadMs / 1_000})` },
  restarts: { value: '<n>', about: `how often the server is restarted (default ${FULL_SETTING.restarts})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readApiOptions({ quick, values }: Options<ApiOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const seedRange = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const seconds = readWholeNumber('--seconds', values.seconds, defaults.loadMs / 1_000, {
    min: 5,
    max: 3_600,
  });
  return {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, seedRange),
    loadMs: seconds * 1_000,
    restarts: readWholeNumber('--restarts', values.restarts, defaults.restarts, { min: 1, max: 100 }),
  };
}
