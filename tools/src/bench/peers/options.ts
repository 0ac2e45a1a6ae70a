import { type Options, readWholeNumber, type ValueOptions } from '../../measurement/options';
import { UsageError } from '../../measurement/usage-error';
import { AT_HAND, type Contender, LINE_UP } from './line-up';
import { FULL_SETTING, QUICK_SETTING, type Setting } from './setting';

export type PeersOptionName = 'seed' | 'rounds' | 'peers' | 'docs';

/** What the benchmark can be told. */
export const PEERS_OPTIONS: ValueOptions<PeersOptionName> = Object.freeze({
  seed: { value: '<n>', about: `another order of turns (default ${FULL_SETTING.seed})` },
  rounds: {
    value: '<n>',
    about: `turns of each layer at each operation (default ${FULL_SETTING.rounds}, quick ${QUICK_SETTING.rounds})`,
  },
  peers: {
    value: '<which>',
    about: 'all, or none: what the root install brings, and nothing that has to be installed (default all)',
  },
  docs: {
    value: '<folder>',
    about: 'where benchmarks-peers.md stands, to renew it with its JSON file and plot',
  },
});

/** What the command is to do. */
export interface PeersCommand {
  readonly setting: Setting;
  readonly contenders: readonly Contender[];
  /** Whether peers have to be installed first. */
  readonly installs: boolean;
  readonly docs: string | undefined;
  /** The command line that says the same. */
  readonly text: string;
}

/** Makes a command of what the command line says. @throws UsageError naming the option and what is wrong with it. */
export function readPeersCommand({ quick, values }: Options<PeersOptionName>): PeersCommand {
  const defaults = quick ? QUICK_SETTING : FULL_SETTING;
  const { peers = 'all', docs } = values;
  if (peers !== 'all' && peers !== 'none')
    throw new UsageError(`--peers must be all or none, but is "${peers}"`);
  const setting: Setting = {
    ...defaults,
    seed: readWholeNumber('--seed', values.seed, defaults.seed, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    rounds: readWholeNumber('--rounds', values.rounds, defaults.rounds, { min: 2, max: 1_000 }),
  };
  const given = Object.entries(values).map(([name, value]) => `--${name} ${value}`);
  const words = [...(quick ? ['--quick'] : []), ...given];
  const contenders = peers === 'all' ? LINE_UP : AT_HAND;
  return {
    setting,
    contenders,
    installs: peers === 'all',
    docs,
    text: ['npm run bench:peers --', ...words].join(' '),
  };
}
