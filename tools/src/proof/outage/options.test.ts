import { readOptions } from '../../measurement/options';
import { UsageError } from '../../measurement/usage-error';
import { OUTAGE_OPTIONS, readOutageOptions } from './options';
import { FULL_SETTING, QUICK_SETTING } from './setting';

const read = (args: readonly string[]) => readOutageOptions(readOptions(args, OUTAGE_OPTIONS));

describe('the command line of the outage proof', () => {
  it('means the full run when it is empty', () => {
    expect(read([])).toEqual({ plotFile: undefined, setting: FULL_SETTING });
  });

  it('means the quick run with --quick', () => {
    expect(read(['--quick'])).toEqual({ plotFile: undefined, setting: QUICK_SETTING });
  });

  it('changes what it names and nothing else', () => {
    const args = ['--quick', '--seed', '7', '--clients=50', '--processes', '50', '--plot', 'out.svg'];
    expect(read(args)).toEqual({
      plotFile: 'out.svg',
      setting: { ...QUICK_SETTING, seed: 7, clients: 50, processes: 50 },
    });
  });

  it('has no more processes than clients, unless asked for', () => {
    expect(read(['--clients', '3']).setting).toMatchObject({ clients: 3, processes: 3 });
    expect(() => read(['--clients', '3', '--processes', '4'])).toThrow(
      new UsageError('--processes must be a whole number from 1 to 3, but is "4"'),
    );
  });

  it.each(['-1', '9007199254740992'])('refuses %s as a seed', (seed) => {
    expect(() => read([`--seed=${seed}`])).toThrow(
      new UsageError(`--seed must be a whole number from 0 to 9007199254740991, but is "${seed}"`),
    );
  });

  it.each(['0', '10001'])('refuses %s clients', (clients) => {
    expect(() => read(['--clients', clients])).toThrow(
      new UsageError(`--clients must be a whole number from 1 to 10000, but is "${clients}"`),
    );
  });

  it('refuses a plot that has no file', () => {
    expect(() => read(['--plot='])).toThrow(new UsageError('--plot needs a file'));
  });
});
