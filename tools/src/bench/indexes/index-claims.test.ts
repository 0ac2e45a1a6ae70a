import { CONTRACTS } from '@holdfast/db/contracts';
import { LITERAL_INDEXES } from '../../literal-indexes/literal-indexes';
import { judgeIndexes, UNSERVED_PATTERNS } from './index-claims';
import type { IndexCost } from './index-costs';
import { listLedgerRows } from './index-ledger';
import type { PatternFigures } from './measure-pattern';
import type { ScaledPattern } from './measure-scale';
import type { IndexReport, LedgerPart, ScalePart, SetsPart } from './report';

const ORIGIN = {
  command: 'npm run bench:indexes',
  machine: { cpu: 'a', cores: 2, memoryBytes: 1, node: '20', postgres: '17' },
  seconds: 1,
};

const figures = (buffers: number, more: Partial<PatternFigures> = {}): PatternFigures => ({
  statements: 1,
  rows: 20,
  medianMs: 0.1,
  p99Ms: 0.2,
  repetitions: 3,
  buffers,
  buffersOf: { custom: buffers },
  mostBuffers: buffers,
  mostBeyondRows: Math.max(0, buffers - 20),
  plan: 'Index Scan idx_a',
  indexes: ['idx_a'],
  ...more,
});

const pattern = (buffers: number, more: Partial<ScaledPattern> = {}): ScaledPattern => ({
  name: 'newest a',
  indexes: ['idx_a'],
  with: figures(buffers),
  without: { ...figures(9000, { indexes: [] }), dropped: ['idx_a'] },
  literal: figures(buffers),
  drops: [{ index: 'idx_a', buffers: 9000, indexes: [] }],
  ...more,
});

const unserved = UNSERVED_PATTERNS.map((name) => pattern(20, { name, literal: figures(2000), drops: [] }));

const scale = (events: number, ...patterns: readonly ScaledPattern[]): ScalePart => ({
  ...ORIGIN,
  events,
  indexes: LITERAL_INDEXES.map(({ name }) => name),
  patterns: [...patterns, ...unserved],
  skipped: [],
  refused: [],
});

const set = (name: 'shipped' | 'literal', bytes: number) => ({
  set: name,
  eventsPerSecond: 1,
  walBytesPerEvent: 1,
  indexBytesPerEvent: bytes,
  rebuiltBytesPerEvent: bytes,
  indexes: [],
});

const SETS: SetsPart = {
  ...ORIGIN,
  events: 300_000,
  shipped: set('shipped', 500),
  literal: set('literal', 1000),
  timesInsertRate: { lower: 1.2, median: 1.3, upper: 1.4 },
};

const cost = (more: Partial<IndexCost> = {}): IndexCost => ({
  name: 'idx_a',
  table: 'events',
  definition: 'CREATE INDEX idx_a ON public.events USING btree (a)',
  bytes: 1,
  bytesPerRow: 1,
  rowsPerSecond: { with: 1, without: 1 },
  walBytesPerRow: { with: 1, without: 1 },
  timesInsertRateWithout: 1,
  soleColumns: [],
  foreignKeys: [],
  verdict: { decision: 'keep', reason: 'It is in use.' },
  ...more,
});

const ledger = (...costs: readonly IndexCost[]): LedgerPart => ({ ...ORIGIN, events: 1000, costs });

const report = (more: Partial<IndexReport> = {}): IndexReport => ({
  scales: [scale(100_000, pattern(20)), scale(5_000_000, pattern(21))],
  sets: SETS,
  ledger: ledger(cost()),
  ...more,
});

const broken = (one: IndexReport) =>
  judgeIndexes(one)
    .filter(({ held }) => !held)
    .map(({ claim }) => claim);

/** The report with this pattern at the largest scale. */
const largest = (one: ScaledPattern) =>
  report({ scales: [scale(100_000, pattern(20)), scale(5_000_000, one)] });

const GROWN = /^no pattern with as many rows touches more than 1.5 times/;

describe('the claims of the benchmark', () => {
  it('hold for indexes that do what they are for', () => {
    expect(broken(report())).toEqual([]);
  });

  it('name patterns that are query contracts', () => {
    expect(CONTRACTS.map(({ name }) => name)).toEqual(expect.arrayContaining([...UNSERVED_PATTERNS]));
  });

  it.each<[string, ScaledPattern, RegExp]>([
    [
      'a pattern that is answered through another index',
      pattern(20, { with: figures(20, { indexes: ['idx_b'], plan: 'Index Scan idx_b' }) }),
      /^every pattern is answered/,
    ],
    ['a cost that grows', pattern(33, { allowed: { buffers: 40, because: 'It is.' } }), GROWN],
    [
      'a statement beyond its budget',
      pattern(33, { growth: 'It does.', literal: figures(33) }),
      /^no statement/,
    ],
    [
      'a statement beyond what its contract allows',
      pattern(33, { growth: 'It does.', allowed: { buffers: 32, because: 'It is.' } }),
      /^no statement/,
    ],
    [
      'a pattern that the literal set answers better',
      pattern(21, { literal: figures(17) }),
      /^no question touches/,
    ],
    [
      'a write that costs half as much more again than with the literal set',
      pattern(30, {
        with: figures(30, { plan: 'ModifyTable users', mostBeyondRows: 10 }),
        literal: figures(18),
      }),
      /^nothing that writes touches/,
    ],
    ['a set that answers otherwise', pattern(20, { literal: figures(20, { rows: 19 }) }), /^both sets/],
  ])('find %s', (_, one, claim) => {
    expect(broken(largest(one))).toEqual([expect.stringMatching(claim)]);
  });

  it('let a contract say why its cost grows, and what it touches', () => {
    const allowed = { buffers: 40, because: 'It is written into every index.' };
    expect(broken(largest(pattern(40, { growth: 'It does.', allowed })))).toEqual([]);
  });

  it('compare only results of one size', () => {
    const more = pattern(50, { with: figures(50, { rows: 40, mostBeyondRows: 10 }) });
    const both = { ...more, literal: figures(50, { rows: 40 }) };
    expect(broken(largest(both))).toEqual([]);
  });

  it('take a level more of a tree for no growth', () => {
    expect(broken(report({ scales: [scale(100_000, pattern(3)), scale(5_000_000, pattern(5))] }))).toEqual(
      [],
    );
  });

  it('find a pattern that the literal set serves after all', () => {
    const [name = ''] = UNSERVED_PATTERNS;
    const served = scale(5_000_000, pattern(20));
    const patterns = served.patterns.map((one) =>
      one.name === name ? { ...one, literal: figures(1999) } : one,
    );
    const scales = [scale(100_000, pattern(20)), { ...served, patterns }];
    expect(broken(report({ scales }))).toEqual([`“${name}” touches more with the literal set`]);
    expect(broken(report({ scales: [{ ...served, patterns: patterns.slice(0, 1) }] }))).toHaveLength(
      UNSERVED_PATTERNS.length,
    );
  });

  it('find a name that is gone, and a pattern without rows', () => {
    const scales = [
      { ...scale(100_000, pattern(20)), indexes: [], skipped: [{ name: 'b', reason: 'none' }] },
    ];
    expect(broken(report({ scales }))).toEqual([
      'every one of the twenty-one names is an index',
      'there are rows for every pattern',
    ]);
  });

  it('find a set that is as large or as slow as the literal one', () => {
    const sets = {
      ...SETS,
      shipped: set('shipped', 1000),
      timesInsertRate: { lower: 0.9, median: 1, upper: 1.1 },
    };
    expect(broken(report({ sets }))).toEqual([
      'events are inserted faster than with the literal set',
      'the indexes of events take less space than with the literal set',
    ]);
  });

  it('let the smallest tables be read whole', () => {
    const whole = pattern(20, { with: figures(20, { indexes: [], plan: 'Seq Scan a' }) });
    expect(broken(report({ scales: [scale(50_000, whole)] }))).toEqual([]);
    expect(broken(report({ scales: [scale(100_000, whole)] }))).toHaveLength(1);
    const small = { ...whole, without: { ...whole.without, buffers: 33 } };
    expect(broken(report({ scales: [scale(100_000, small)] }))).toEqual([]);
    expect(broken(report({ scales: [scale(1_000_000, small)] }))).toHaveLength(1);
  });

  it('say nothing of plans where there are too few events for any, nor of what was not measured', () => {
    const few = scale(10_000, pattern(20, { indexes: ['idx_b'] }));
    expect(broken(report({ scales: [few] }))).toEqual([]);
    expect(judgeIndexes({ scales: [], sets: undefined, ledger: undefined })).toEqual([]);
  });
});

describe('the ledger', () => {
  it.each<[string, Partial<IndexCost>, RegExp]>([
    ['keep', {}, /^“newest a” would touch 9000 buffers$/],
    ['drop', { name: 'idx_b' }, /^no pattern relies on it$/],
    [
      'keep',
      { name: 'idx_b', definition: 'CREATE UNIQUE INDEX idx_b ON events (b)' },
      /^it enforces a rule$/,
    ],
    ['keep', { name: 'idx_b', foreignKeys: ['a_b_fkey'] }, /^a_b_fkey finds its rows/],
    ['drop', { verdict: { decision: 'drop', reason: 'idx_b has the same keys.' } }, /^idx_b has/],
    [
      'merge with idx_b',
      { verdict: { decision: 'merge', into: 'idx_b', reason: 'idx_b begins with it.' } },
      /^idx_b begins/,
    ],
  ])('says %s for %j', (verdict, more, reason) => {
    const [row] = listLedgerRows(report({ ledger: ledger(cost(more)) }));
    expect(row).toMatchObject({ verdict, reason: expect.stringMatching(reason) });
  });

  it.each<[string, readonly string[]]>([
    ['drop', []],
    ['merge with idx_b', ['idx_b']],
  ])('says %s where its pattern does as well without it, through %j', (verdict, indexes) => {
    const idle = pattern(20, { drops: [{ index: 'idx_a', buffers: 24, indexes }] });
    const [row] = listLedgerRows(report({ scales: [scale(100_000, idle)] }));
    expect(row).toMatchObject({ verdict, reason: expect.stringMatching(/touches twice the buffers/) });
  });
});
