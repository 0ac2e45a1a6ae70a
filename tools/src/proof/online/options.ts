import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type OnlineOptionName = 'events' | 'writers';

/** What the proof can be told. */
export const ONLINE_OPTIONS: ValueOptions<OnlineOptionName> = Object.freeze({
  events: { value: '<n>', about: `rows in the table (default ${FULL_SETTING.events})` },
  writers: { value: '<n>', about: `connections that append (default ${FULL_SETTING.writers})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readOnlineOptions({ quick, values }: Options<OnlineOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  return {
    ...defaults,
    events: readWholeNumber('--events', values.events, defaults.events, { min: 1_000, max: 100_000_000 }),
    writers: readWholeNumber('--writers', values.writers, defaults.writers, { min: 1, max: 50 }),
  };
}
