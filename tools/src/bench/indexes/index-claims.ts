import { LITERAL_INDEXES } from '../../literal-indexes/literal-indexes';
import { type Claim, claimAtLeast, claimAtMost, claimNone } from '../../measurement/claims';
import { type IndexReport, listPatternRows, type PatternRow } from './report';

/**
 * Patterns that the literal set does not serve: bare DESC puts NULLs first, a partial index is of no use to a foreign key,
 * a page of the commonest has to come out of the index in its order, and a last name alone is the second key of an index.
 */
export const UNSERVED_PATTERNS: readonly string[] = Object.freeze([
  'latest logins, two pages',
  'latest uses of API keys, two pages',
  'organization that is deleted, with what goes with it',
  'user who is deleted, with what goes with them',
  'users of the common role, two pages',
  'users by a frequent last name',
]);

const LIMITS = Object.freeze({
  growth: 1.5,
  timesLiteral: 1.1,
  /** Rows enter indexes that answer for foreign keys and for last names, which the literal ones leave out. */
  timesLiteralWrites: 1.5,
  insertRate: 1.1,
  bytes: 0.9,
  unserved: 100,
  /** A page or two of each level of a few indexes, as in a contract. */
  beyondRows: 12,
  /** A table of so few pages is rightly read whole: with 100,000 events, organizations are in 31, and two more tell whose key asks. */
  wholeTable: 40,
  /** One more level of a tree is no growth, and one page more or less is where rows happen to lie. */
  slack: 2,
});

/** On fewer events, budgets and sets tell nothing: what is read is read whole. */
const PLANS_SCALE = 50_000;
/** On fewer, the smallest tables are rightly read whole, and trees still become deeper: what grows is measured from here. */
const GROWTH_SCALE = 100_000;
/** From here on no table is so small that it is rightly read whole. */
const INDEXED_SCALE = 1_000_000;
/**
 * On fewer, a whole table has no hundred times the pages of an answer: two pages of latest logins are 42 rows, each in a page of
 * its own, and the users of a million events are in some 1 700.
 */
const UNSERVED_SCALE = 5_000_000;
/** On fewer, the pages of an index are counted, and not its rows. */
const BYTES_SCALE = 10_000;

/** What the benchmark claims, and whether it held: of plans and buffers only where there are events enough for any. */
export function judgeIndexes(report: IndexReport): readonly Claim[] {
  const largest = report.scales.at(-1);
  const events = largest?.events ?? 0;
  const rows = listPatternRows(report);
  return [
    ...(largest === undefined ? [] : [judgeNames(largest.indexes), judgeSameRows(rows)]),
    ...(events >= PLANS_SCALE ? judgePlans(report, rows) : []),
    ...(events > GROWTH_SCALE ? [judgeGrowth(rows)] : []),
    ...(events >= UNSERVED_SCALE ? UNSERVED_PATTERNS.map((name) => judgeUnserved(name, rows)) : []),
    ...judgeSets(report),
  ];
}

function judgeNames(indexes: readonly string[]): Claim {
  const missing = LITERAL_INDEXES.filter(({ name }) => !indexes.includes(name)).map(({ name }) => name);
  return claimNone('every one of the twenty-one names is an index', missing);
}

function judgeSameRows(rows: readonly PatternRow[]): Claim {
  const differing = rows.flatMap(({ name, byScale }) =>
    byScale
      .filter((one) => one.with.rows !== one.literal.rows)
      .map((one) => `${name}: ${one.with.rows} and ${one.literal.rows} rows at ${one.events}`),
  );
  return claimNone('both sets answer alike', differing);
}

function judgePlans(report: IndexReport, rows: readonly PatternRow[]): readonly Claim[] {
  const skipped = report.scales
    .filter(({ events }) => events >= GROWTH_SCALE)
    .flatMap(({ events, skipped: each }) => each.map(({ name }) => `${name} at ${events}`));
  return [
    claimNone('there are rows for every pattern', skipped),
    ...((report.scales.at(-1)?.events ?? 0) < GROWTH_SCALE
      ? []
      : [claimNone('every pattern is answered through an index that it names', rows.flatMap(findStray))]),
    claimNone(
      `no statement touches more than its rows and ${LIMITS.beyondRows} buffers, or what its contract says why`,
      rows.flatMap(findOverBudget),
    ),
    claimNone(
      `no question touches more than ${LIMITS.timesLiteral} times what it touches with the literal set, and ${LIMITS.slack} buffers`,
      rows.filter((row) => !isWrite(row)).flatMap((row) => findDearer(row, LIMITS.timesLiteral)),
    ),
    claimNone(
      `nothing that writes touches more than ${LIMITS.timesLiteralWrites} times what it touches with the literal set, and ${LIMITS.slack} buffers`,
      rows.filter(isWrite).flatMap((row) => findDearer(row, LIMITS.timesLiteralWrites)),
    ),
  ];
}

function findStray({ name, indexes, byScale }: PatternRow): string[] {
  const last = byScale.at(-1);
  if (last === undefined) return [];
  if (last.events < INDEXED_SCALE && last.without.buffers <= LIMITS.wholeTable) return [];
  // What a foreign key looks into is in no plan: where there are several, one of them stands for it.
  return indexes.some((index) => last.with.indexes.includes(index)) ? [] : [`${name}: ${last.with.plan}`];
}

function findOverBudget({ name, allowed, byScale }: PatternRow): string[] {
  return byScale.flatMap(({ events, with: { mostBuffers, mostBeyondRows } }) => {
    if (events < PLANS_SCALE) return [];
    const [touched, limit] =
      allowed === undefined ? [mostBeyondRows, LIMITS.beyondRows] : [mostBuffers, allowed.buffers];
    return touched <= limit ? [] : [`${name}: ${touched} at ${events}, ${limit} allowed`];
  });
}

function findDearer({ name, byScale }: PatternRow, times: number): string[] {
  return byScale.flatMap(({ events, with: shipped, literal }) =>
    events < PLANS_SCALE || shipped.buffers <= literal.buffers * times + LIMITS.slack
      ? []
      : [`${name}: ${shipped.buffers} buffers at ${events}, literally ${literal.buffers}`],
  );
}

/** By the statement that touches most. */
function isWrite({ byScale }: PatternRow): boolean {
  return byScale.some(({ with: { plan } }) => plan.startsWith('ModifyTable'));
}

function judgeGrowth(rows: readonly PatternRow[]): Claim {
  const grown = rows.flatMap(({ name, growth, byScale }) => {
    const first = byScale.find(({ events }) => events >= GROWTH_SCALE);
    const last = byScale.at(-1);
    if (growth !== undefined || first === undefined || last === undefined) return [];
    if (first.with.rows !== last.with.rows) return [];
    if (last.with.buffers <= first.with.buffers * LIMITS.growth + LIMITS.slack) return [];
    return [`${name}: ${first.with.buffers} at ${first.events}, ${last.with.buffers} at ${last.events}`];
  });
  return claimNone(
    `no pattern with as many rows touches more than ${LIMITS.growth} times its buffers, and ${LIMITS.slack}, as the data grows, unless its contract says why`,
    grown,
  );
}

function judgeUnserved(pattern: string, rows: readonly PatternRow[]): Claim {
  const last = rows.find(({ name }) => name === pattern)?.byScale.at(-1);
  const measured = last === undefined ? Number.NaN : last.literal.buffers / Math.max(1, last.with.buffers);
  return {
    ...claimAtLeast({
      claim: `“${pattern}” touches more with the literal set`,
      measured,
      limit: LIMITS.unserved,
      unit: '×',
    }),
    kind: 'correctness',
  };
}

function judgeSets({ sets }: IndexReport): readonly Claim[] {
  if (sets === undefined) return [];
  const { shipped, literal, timesInsertRate, events } = sets;
  const bytes = claimAtMost({
    claim: 'the indexes of events take less space than with the literal set',
    measured: shipped.indexBytesPerEvent / literal.indexBytesPerEvent,
    limit: LIMITS.bytes,
    unit: '×',
  });
  return [
    claimAtLeast({
      claim: 'events are inserted faster than with the literal set',
      measured: timesInsertRate.median,
      limit: LIMITS.insertRate,
      unit: '×',
    }),
    ...(events >= BYTES_SCALE ? [{ ...bytes, kind: 'correctness' as const }] : []),
  ];
}
