import type { CatalogIndex } from '../specification/index-definition';
import { classifyIndexes, type DeclaredIndex, type IndexFacts } from './classify-indexes';
import { isRemains } from './is-remains';
import type { EntityTable } from './read-entity-tables';

const FOUND = {
  oid: 7,
  schema: 'public',
  name: 'parcels',
  partitioned: false,
  lacksColumns: [],
  hasEnum: false,
};
const TABLE: EntityTable = { declaredSchema: undefined, name: 'parcels', found: FOUND };

function existing(name: string, column: string, more: Partial<CatalogIndex> = {}): CatalogIndex {
  return {
    schema: 'public',
    table: 'parcels',
    name,
    keys: [column],
    parts: [
      {
        text: column,
        isExpression: false,
        collation: null,
        operatorClass: null,
        descending: false,
        nullsFirst: false,
      },
    ],
    method: 'btree',
    unique: false,
    nullsNotDistinct: false,
    include: [],
    storage: {},
    valid: true,
    ready: true,
    constraint: null,
    attached: false,
    ...more,
  };
}

function declared(name: string, column: string, table = TABLE): DeclaredIndex {
  const definition = { table: 'parcels', name, keys: [`"${column}"`] };
  return { definition, table, canonical: { definition, index: existing(name, column) }, lacksExtensions: [] };
}

function refused(code: string, table = TABLE, lacksExtensions: string[] = []): DeclaredIndex {
  const definition = { table: 'parcels', name: 'idx', keys: ['"gone"'] };
  const refusal = Object.assign(new Error('no'), { driverError: { code } });
  return { definition, table, canonical: { definition, refusal }, lacksExtensions };
}

function classify(facts: Partial<IndexFacts> & { indexes?: CatalogIndex[] }) {
  const { indexes = [], ...given } = facts;
  return classifyIndexes({
    declared: [],
    actual: indexes.map((index) => ({ table: TABLE, existing: index })),
    owners: [],
    foreign: new Set(),
    builders: new Map(),
    ...given,
  });
}

const kinds = (facts: Parameters<typeof classify>[0]) => classify(facts).map(({ kind }) => kind);

describe('how indexes stand', () => {
  it('takes one undeclared index for one missing one, and no more', () => {
    const states = classify({
      declared: [declared('idx_a', 'a'), declared('idx_b', 'a')],
      indexes: [existing('idx_old', 'a')],
    });
    expect(states.map(({ kind }) => kind)).toEqual(['renamed', 'missing']);
  });

  it('takes no invalid index, and none that remains, for a renamed one', () => {
    const missing = [declared('idx_a', 'a')];
    expect(kinds({ declared: missing, indexes: [existing('idx_old', 'a', { valid: false })] })).toEqual([
      'missing',
      'undeclared',
    ]);
    expect(kinds({ declared: missing, indexes: [existing('idx_a_ccnew', 'a')] })).toEqual([
      'missing',
      'remains',
    ]);
  });

  it('leaves alone what belongs to a constraint, to the index of a parent or to somebody else', () => {
    expect(
      kinds({
        indexes: [
          existing('parcels_pkey', 'a', { constraint: 'parcels_pkey' }),
          existing('parcels_a_idx', 'a', { attached: true }),
          existing('idx_foreign', 'a'),
          existing('idx_foreign_ccnew', 'a', { valid: false }),
        ],
        foreign: new Set(['idx_foreign']),
      }),
    ).toEqual([]);
  });

  it('takes an index for one in the making only while it is not valid and a session holds the lock', () => {
    const facts = { declared: [declared('idx_a', 'a')], builders: new Map([[7, 4711]]) };
    expect(kinds({ ...facts, indexes: [existing('idx_a', 'a', { valid: false })] })).toEqual(['building']);
    expect(kinds({ ...facts, indexes: [existing('idx_a', 'a')] })).toEqual(['same']);
    const others = [existing('idx_other', 'a', { valid: false }), existing('idx_done', 'b')];
    expect(kinds({ ...facts, declared: [], indexes: others })).toEqual(['building', 'undeclared']);
    expect(
      kinds({ ...facts, indexes: [existing('idx_a', 'a', { valid: false })], builders: new Map() }),
    ).toEqual(['invalid']);
  });

  it('takes a refusal for an index that is missing only where what it needs is declared as well', () => {
    const lacking: EntityTable = { ...TABLE, found: { ...FOUND, lacksColumns: ['gone'] } };
    const enumerated: EntityTable = { ...TABLE, found: { ...FOUND, hasEnum: true } };
    expect(kinds({ declared: [refused('42703')] })).toEqual(['refused']);
    expect(kinds({ declared: [refused('42703', lacking)] })).toEqual(['missing']);
    expect(kinds({ declared: [refused('22P02')] })).toEqual(['refused']);
    expect(kinds({ declared: [refused('22P02', enumerated)] })).toEqual(['missing']);
    expect(kinds({ declared: [refused('42704')] })).toEqual(['refused']);
    expect(kinds({ declared: [refused('42704', TABLE, ['pg_trgm'])] })).toEqual(['missing']);
    expect(kinds({ declared: [refused('42703', lacking)], indexes: [existing('idx', 'a')] })).toEqual([
      'different',
    ]);
  });
});

describe('remains', () => {
  it.each(['idx_ccnew', 'idx_ccold', 'idx_ccnew1', 'idx_ccold12', 'idx_hf_new', 'idx_hf_old'])(
    'are told: %s',
    (name) => {
      expect(isRemains(name, [])).toBe(true);
    },
  );

  it.each(['idx', 'idx_ccnewer', 'ccnew', 'idx_new', 'hf_new_idx'])(
    'are not taken for what is none: %s',
    (name) => {
      expect(isRemains(name, [])).toBe(false);
    },
  );

  it('are told under a name that had to be cut', () => {
    const long = 'x'.repeat(63);
    expect(isRemains('hf_6a0d4ed8f8fb1f0ba0ee9e7a1c5d4b3f_old', [long])).toBe(true);
  });

  it('are never an index that is declared', () => {
    expect(isRemains('idx_ccnew', ['idx_ccnew'])).toBe(false);
  });
});
