import { listStrains, STRAINS, type StrainSources } from './list-strains';

const CALM: StrainSources = Object.freeze({
  circuit: 'closed',
  replicas: [{ state: 'healthy' }, { state: 'unknown' }] as const,
  pool: { waiting: 0 },
  isLimitShrunk: false,
});

describe('listStrains', () => {
  it('names none while all is well', () => {
    expect(listStrains(CALM)).toEqual([]);
  });

  it.each<[(typeof STRAINS)[number], Partial<StrainSources>]>([
    ['circuit-open', { circuit: 'open' }],
    ['circuit-open', { circuit: 'isolated' }],
    ['circuit-half-open', { circuit: 'half-open' }],
    ['replica-missing', { replicas: [{ state: 'healthy' }, { state: 'lagging' }] }],
    ['limit-shrunk', { isLimitShrunk: true }],
    ['pool-waiting', { pool: { waiting: 1 } }],
  ])('names %s', (strain, trouble) => {
    expect(listStrains({ ...CALM, ...trouble })).toEqual([strain]);
    expect(STRAINS).toContain(strain);
  });
});
