import { readPostgresVersion } from './environment';

describe('the PostgreSQL version', () => {
  it('is 17 unless HOLDFAST_POSTGRES says otherwise', () => {
    expect(readPostgresVersion({})).toBe(17);
    expect(readPostgresVersion({ HOLDFAST_POSTGRES: '' })).toBe(17);
    expect(readPostgresVersion({ HOLDFAST_POSTGRES: '18' })).toBe(18);
  });

  it.each(['16', '17.2', 'latest'])(
    'is refused as "%s", naming variable, value and what is allowed',
    (value) => {
      expect(() => readPostgresVersion({ HOLDFAST_POSTGRES: value })).toThrow(
        expect.objectContaining({
          code: 'unsupported_version',
          message: `HOLDFAST_POSTGRES is "${value}"; allowed: 17, 18`,
        }),
      );
    },
  );
});
