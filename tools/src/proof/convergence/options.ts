import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type ConvergenceOptionName = 'seed' | 'kills';

/** What the proof can be told. */
export const CONVERGENCE_OPTIONS: ValueOptions<ConvergenceOptionName> = Object.freeze({
  seed: { value: '<n>', about: `kills elsewhere (default ${FULL_SETTING.seed})` },
  kills: { value: '<n>', about: `runners to kill (default ${FULL_SETTING.kills})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readConvergenceOptions({ quick, values }: Options<ConvergenceOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  return {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    kills: readWholeNumber('--kills', values.kills, defaults.kills, { min: 1, max: 100_000 }),
  };
}
