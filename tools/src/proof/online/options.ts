import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type OnlineOptionName = 'events' | 'writers' | 'commit-wait';

/** What the proof can be told. */
export const ONLINE_OPTIONS: ValueOptions<OnlineOptionName> = Object.freeze({
  events: { value: '<n>', about: `rows in the table (default ${FULL_SETTING.events})` },
  'commit-wait': {
    value: '<ms>',
    about: `how long a commit waits for its disk (default ${FULL_SETTING.commitWaitMs}; 0: as long as this machine's takes)`,
  },
  writers: { value: '<n>', about: `connections that append (default ${FULL_SETTING.writers})` },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readOnlineOptions({ quick, values }: Options<OnlineOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  return {
    ...defaults,
    events: readWholeNumber('--events', values.events, defaults.events, { min: 1_000, max: 100_000_000 }),
    commitWaitMs: readWholeNumber('--commit-wait', values['commit-wait'], defaults.commitWaitMs, {
      min: 0,
      max: 100,
    }),
    writers: readWholeNumber('--writers', values.writers, defaults.writers, { min: 1, max: 50 }),
  };
}
