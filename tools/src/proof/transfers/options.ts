import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type TransfersOptionName = 'seed';

/** What the proof can be told. */
export const TRANSFERS_OPTIONS: ValueOptions<TransfersOptionName> = Object.freeze({
  seed: { value: '<n>', about: `other transfers, and faults elsewhere (default ${FULL_SETTING.seed})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readTransfersOptions({ quick, values }: Options<TransfersOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
  return { ...defaults, seed: readWholeNumber('--seed', values.seed, defaults.seed, range) };
}
