import { readOptions } from '../../measurement/options';
import { UsageError } from '../../measurement/usage-error';
import { readTransfersOptions, TRANSFERS_OPTIONS } from './options';
import { FULL_SETTING, QUICK_SETTING } from './setting';

const read = (args: readonly string[]) => readTransfersOptions(readOptions(args, TRANSFERS_OPTIONS));

describe('the command line of the proof of transfers', () => {
  it('means the full run when it is empty, and the quick one with --quick', () => {
    expect(read([])).toEqual(FULL_SETTING);
    expect(read(['--quick'])).toEqual(QUICK_SETTING);
  });

  it('changes the seed and nothing else', () => {
    expect(read(['--quick', '--seed', '7'])).toEqual({ ...QUICK_SETTING, seed: 7 });
  });

  it.each(['-1', '9007199254740992', 'x'])('refuses %s as a seed', (seed) => {
    expect(() => read([`--seed=${seed}`])).toThrow(
      new UsageError(`--seed must be a whole number from 0 to 9007199254740991, but is "${seed}"`),
    );
  });
});
