import { readOptions } from '../measurement/options';
import { UsageError } from '../measurement/usage-error';
import { DATA_COMMAND_OPTIONS, readDataCommand } from './command-options';

const read = (...args: string[]) => readDataCommand(readOptions(args, DATA_COMMAND_OPTIONS));

describe('the command line of bench:data', () => {
  it('asks for a million events in a database of its own when it is empty, and for few with --quick', () => {
    const until = new Date('2026-01-01T00:00:00.000Z');
    const data = { events: 1_000_000, seed: 1, until };
    expect(read()).toEqual({ kind: 'load', url: undefined, indexes: 'none', data });
    expect(read('--quick')).toMatchObject({ data: { events: 20_000 } });
  });

  it('takes scale, seed, end, database and indexes', () => {
    const args = ['--events', '5000000', '--seed', '9', '--until', '2030-05-06T07:08Z'];
    expect(read(...args, '--url', 'postgres://a@b/c', '--indexes', 'after')).toEqual({
      kind: 'load',
      url: 'postgres://a@b/c',
      indexes: 'after',
      data: { events: 5_000_000, seed: 9, until: new Date('2030-05-06T07:08:00.000Z') },
    });
  });

  it('takes a folder for plots, and nothing beside it', () => {
    expect(read('--plot', 'there')).toEqual({ kind: 'plot', folder: 'there' });
    for (const other of [['--seed', '2'], ['--url', 'postgres://a@b/c'], ['--quick']]) {
      expect(() => read('--plot', 'there', ...other)).toThrow(
        `--plot stands alone, but ${other[0]} is there too`,
      );
    }
  });

  it.each([
    [['--events', '999'], '--events must be a whole number from 1000 to 200000000, but is "999"'],
    [['--events', '1e6'], '--events must be a whole number'],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous"],
    [['--until', 'yesterday'], '--until must be an instant such as 2026-01-01T00:00:00.000Z'],
    [['--until', '2026-13-01T00:00Z'], '--until must be an instant'],
    [['--until', '1970-01-01T00:00Z'], 'from 1980 on'],
    [['--indexes', 'later'], '--indexes must be one of none, after, before, but is "later"'],
    [['--url', 'host/database'], '--url must be as postgres://user:password@host:port/database'],
    [['--plot', ''], '--plot needs a folder'],
  ])('refuses %p, with what is allowed', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });

  it('does not repeat a URL that may hold a password', () => {
    let message = '';
    try {
      read('--url', 'http://user:secret@host/database');
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('--url must be as');
    expect(message).not.toContain('secret');
  });
});
