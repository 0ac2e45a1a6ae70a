import { type Evidence, judgeIndex, type Remark } from './judge-index';
import type { IndexFacts } from './read-index-facts';

const FACTS: IndexFacts = {
  schema: 'public',
  table: 'visits',
  name: 'visits_at',
  definition: 'CREATE INDEX visits_at ON public.visits USING btree (at)',
  unique: false,
  valid: true,
  constraint: null,
  bytes: 8192,
  entries: 10,
  rows: 10,
  tableBytes: 8192,
  scans: 0,
  lastScanAt: null,
  countedSince: null,
  updates: 0,
  hotUpdates: 0,
  soleColumns: [],
};

const judge = (facts: Partial<IndexFacts>, evidence: Partial<Evidence> = {}) =>
  judgeIndex({ remarks: [], doubts: [], foreignKeys: [], ...evidence, facts: { ...FACTS, ...facts } });

const remark = (check: Remark['check'], more: Partial<Remark> = {}): Remark => ({
  check,
  message: `found by ${check}.`,
  figures: {},
  accepted: null,
  ...more,
});

describe('the verdict on an index', () => {
  it('is to drop what another one duplicates, even when it is read', () => {
    expect(judge({ scans: 5 }, { remarks: [remark('unused-index'), remark('duplicate-index')] })).toEqual({
      decision: 'drop',
      reason: 'found by duplicate-index.',
    });
  });

  it('is to merge what is the beginning of another one with that', () => {
    const remarks = [remark('prefix-redundant', { figures: { longerIndex: 'visits_at_id' } })];
    expect(judge({ scans: 5 }, { remarks })).toMatchObject({ decision: 'merge', into: 'visits_at_id' });
  });

  it('is to keep what the declaration accepts, with its reason', () => {
    const remarks = [remark('unused-index', { accepted: 'the yearly report reads it' })];
    expect(judge({}, { remarks })).toEqual({
      decision: 'keep',
      reason: 'Accepted: the yearly report reads it',
    });
  });

  it('leaves to a person what the doctor only remarks upon', () => {
    expect(judge({ scans: 5 }, { remarks: [remark('null-heavy')] })).toMatchObject({ decision: 'keep' });
  });

  it.each<[string, Partial<IndexFacts>, Partial<Evidence>, RegExp]>([
    ['a constraint', { constraint: 'visits_pkey', unique: true }, {}, /^Constraint visits_pkey rests on it/],
    ['what is unique', { unique: true }, {}, /^It lets no two rows have the same key; never read/],
    ['what is read', { scans: 5, countedSince: '2026-01-01T00:00:00Z' }, {}, /read 5 times since 2026-01-01/],
    ['what a foreign key needs', {}, { foreignKeys: ['visits_page_fkey'] }, /^Foreign key visits_page_fkey/],
    ['what may be read elsewhere', {}, { doubts: ['not read on this replica.'] }, /nothing can be concluded/],
  ])('is to keep %s, and says so', (_, facts, evidence, reason) => {
    const verdict = judge(facts, evidence);
    expect(verdict).toMatchObject({ decision: 'keep', reason: expect.stringMatching(reason) });
  });
});
