import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type EventsOptionName = 'seed' | 'seconds';

/** What the proof can be told. */
export const EVENTS_OPTIONS: ValueOptions<EventsOptionName> = Object.freeze({
  seed: { value: '<n>', about: `other attempts of the clients (default ${FULL_SETTING.seed})` },
  seconds: {
    value: '<n>',
    about: `how long clients append to streams (default ${FULL_SETTING.streamsMs / 1_000})`,
  },
});

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readEventsOptions({ quick, values }: Options<EventsOptionName>): Setting {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const seedRange = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const seconds = readWholeNumber('--seconds', values.seconds, defaults.streamsMs / 1_000, {
    min: 1,
    max: 3_600,
  });
  return {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, seedRange),
    streamsMs: seconds * 1_000,
  };
}
