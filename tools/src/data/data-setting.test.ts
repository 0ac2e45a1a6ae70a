import { InvalidOptionError } from '@holdfast/resilience';
import { readDataSetting } from './data-setting';

describe('a setting of the data', () => {
  it('has sizes that follow from the events', () => {
    expect(readDataSetting({ events: 1_000_000 })).toEqual({
      events: 1_000_000,
      seed: 1,
      untilMs: Date.UTC(2026, 0),
      organizations: 20_000,
      users: 100_000,
      apiKeys: 50_000,
    });
  });

  it('keeps enough of everything at the smallest scale', () => {
    expect(readDataSetting({ events: 1_000 })).toMatchObject({ organizations: 20, users: 100, apiKeys: 50 });
  });

  it.each([
    [{ events: 999 }, 'events must be an integer of at least 1000 and of at most 200000000, but is 999'],
    [{ events: 1_000.5 }, 'events must be an integer'],
    [{ events: 200_000_001 }, 'events must be an integer'],
    [{ events: 1_000, seed: -1 }, 'seed must be an integer of at least 0'],
    [{ events: 1_000, seed: 2 ** 53 }, 'seed must be an integer'],
    [
      { events: 1_000, until: new Date(Number.NaN) },
      'until must be a Date from the years 1980 to 9000, but is an object',
    ],
    [{ events: 1_000, until: new Date(0) }, 'until must be a Date from the years 1980 to 9000'],
    [{ events: 1_000, scale: 2 }, 'generateData option must be one of events, seed, until, but is "scale"'],
  ])('is refused when it is %p, with what is allowed', (options, message) => {
    expect(() => readDataSetting(options)).toThrow(InvalidOptionError);
    expect(() => readDataSetting(options)).toThrow(message);
  });
});
