import { POOL_DEFAULTS, type PoolSettings, requirePoolSettings } from './pool-settings';

const valid: PoolSettings = {
  min: 2,
  max: 10,
  idleMs: 30_000,
  acquireMs: 60_000,
  createMs: 30_000,
  destroyMs: 5000,
  createRetryMs: 200,
};

describe('requirePoolSettings', () => {
  it('accepts settings within their ranges', () => {
    expect(requirePoolSettings(valid)).toEqual({ ...valid, ...POOL_DEFAULTS });
    expect(requirePoolSettings({ ...valid, min: 0, max: 1 }).max).toBe(1);
    expect(requirePoolSettings({ ...valid, min: 10 }).min).toBe(10);
  });

  const names = Object.keys(valid) as (keyof PoolSettings)[];
  const cases = names.flatMap((name) =>
    [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined, '5'].map((value) => ({ name, value })),
  );
  it.each(cases)('refuses $name = $value by name', ({ name, value }) => {
    const settings = { ...valid, [name]: value } as PoolSettings;
    expect(() => requirePoolSettings(settings)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: `pool.${name}` }),
    );
  });

  it.each(names.filter((name) => name !== 'min'))('refuses %s = 0', (name) => {
    expect(() => requirePoolSettings({ ...valid, [name]: 0 })).toThrow(
      expect.objectContaining({ option: `pool.${name}`, value: 0 }),
    );
  });

  const optional = Object.keys(POOL_DEFAULTS) as (keyof typeof POOL_DEFAULTS)[];
  it.each(optional)('takes %s = 0 for its absence, and refuses what is no time', (name) => {
    expect(requirePoolSettings({ ...valid, [name]: 0 })[name]).toBe(0);
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5']) {
      expect(() => requirePoolSettings({ ...valid, [name]: value })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', option: `pool.${name}` }),
      );
    }
  });

  it('refuses a minimum above the maximum', () => {
    expect(() => requirePoolSettings({ ...valid, min: 11 })).toThrow(
      expect.objectContaining({ option: 'pool.min', value: 11 }),
    );
  });
});
