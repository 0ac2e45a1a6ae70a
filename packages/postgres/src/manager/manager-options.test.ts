import { CONNECTION_MANAGER_DEFAULTS, requireManagerSettings } from './manager-options';

const transactions = { run: () => Promise.reject(new Error('not called')) };

describe('the options of a connection manager', () => {
  it('have defaults', () => {
    expect(CONNECTION_MANAGER_DEFAULTS).toEqual({
      environment: 'default',
      healthCheckIntervalMs: 30_000,
      healthCheckTimeoutMs: 5_000,
      nearCapacityRatio: 0.9,
      calmMs: 30_000,
    });
    expect(requireManagerSettings({ transactions, environment: undefined })).toMatchObject(
      CONNECTION_MANAGER_DEFAULTS,
    );
  });

  it('may switch the health check off', () => {
    expect(requireManagerSettings({ transactions, healthCheckIntervalMs: 0 })).toMatchObject({
      healthCheckIntervalMs: 0,
    });
  });

  it.each([
    ['healthCheckIntervalMs', -1],
    ['healthCheckIntervalMs', 2 ** 31],
    ['healthCheckTimeoutMs', 0],
    ['nearCapacityRatio', 0],
    ['nearCapacityRatio', 1.01],
    ['calmMs', 0],
    ['calmMs', Number.NaN],
    ['environment', ''],
    ['logger', {}],
    ['transactions', undefined],
    ['transactions', null],
    ['transactions', 'unitOfWork'],
    ['transactions', {}],
    ['environment', null],
    ['logger', null],
    ['clock', null],
    ['clock', Date],
    ['clock', { nowMs: () => 0 }],
    ['healthCheckIntervalMs', '30s'],
    ['healthCheckTimeoutMs', null],
  ])('refuse %s = %p', (option, value) => {
    expect(() => requireManagerSettings({ transactions, [option]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option, value }),
    );
  });

  it('refuse a name that nobody reads', () => {
    const misspelt = { transactions, healthCheckIntervallMs: 5 };
    expect(() => requireManagerSettings(misspelt)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', value: 'healthCheckIntervallMs' }),
    );
  });
});
