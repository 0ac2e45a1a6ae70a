import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { UsageError } from '../../measurement/usage-error';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type OutageOptionName = 'seed' | 'clients' | 'processes' | 'plot';

/** What the proof can be told. */
export const OUTAGE_OPTIONS: ValueOptions<OutageOptionName> = Object.freeze({
  seed: {
    value: '<n>',
    about: `another random demand, latency and jitter (default ${FULL_SETTING.seed})`,
  },
  clients: {
    value: '<n>',
    about: `clients, of one request per second each (default ${FULL_SETTING.clients}, quick ${QUICK_SETTING.clients})`,
  },
  processes: {
    value: '<n>',
    about: `processes that they live in, at most one for each (default ${FULL_SETTING.processes}, quick ${QUICK_SETTING.processes})`,
  },
  plot: {
    value: '<file>',
    about: 'where to write the plot; a run with all defaults writes packages/resilience/docs/outage.svg',
  },
});

/** What is to be simulated. */
export interface OutageOptions {
  readonly setting: Setting;
  /** Where the plot is to be written, as given; undefined leaves it to the command. */
  readonly plotFile: string | undefined;
}

/** Makes a setting of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readOutageOptions({ quick, values }: Options<OutageOptionName>): OutageOptions {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const clients = readWholeNumber('--clients', values.clients, defaults.clients, { min: 1, max: 10_000 });
  if (values.plot === '') throw new UsageError('--plot needs a file');
  return {
    plotFile: values.plot,
    setting: {
      ...defaults,
      clients,
      seed: readWholeNumber('--seed', values.seed, defaults.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
      processes: readWholeNumber('--processes', values.processes, Math.min(defaults.processes, clients), {
        min: 1,
        max: clients,
      }),
    },
  };
}
