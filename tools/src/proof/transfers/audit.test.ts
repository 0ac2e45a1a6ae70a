import { audit, countWrongAnswers } from './audit';
import type { Books, Entry } from './books';
import { QUICK_SETTING } from './setting';
import type { Ending } from './teller';
import type { Transfer } from './transfer';

const SETTING = { ...QUICK_SETTING, startBalance: 100 };
const COMMITTED: Ending = { kind: 'committed' };
const REFUSED: Ending = { kind: 'failed', reason: '23514' };
const GIVEN_UP: Ending = { kind: 'failed', reason: 'RETRY' };
const UNKNOWN: Ending = { kind: 'unknown', reason: 'no-proof' };

/** Ten from account 1 to account 2. */
const transfer = (id: number): Transfer => ({ id, from: 1, to: 2, amount: 10, isRefused: false });
const entry = (id: number): Entry => ({ id, from: 1, to: 2, amount: 10 });

/** Books in which the balances are what the entries say. */
const book = (...entries: readonly Entry[]): Books => ({
  entries,
  balances: [100 - 10 * entries.length, 100 + 10 * entries.length, 100],
});

/** Audits transfers from 1 on, of which these endings were told; hooks ran as they should, unless told otherwise. */
function auditAll(endings: readonly Ending[], books: Books, hookRuns?: ReadonlyMap<number, number>) {
  const transfers = endings.map((_, at) => transfer(at + 1));
  const told = new Map(endings.map((ending, at) => [at + 1, ending]));
  const ran = new Map(endings.flatMap(({ kind }, at) => (kind === 'committed' ? [[at + 1, 1]] : [])));
  return audit(transfers, { endings: told, hookRuns: hookRuns ?? ran }, books, SETTING);
}

const NOTHING_WRONG = {
  unreported: [],
  missing: [],
  appliedAfterAll: [],
  repeated: [],
  distorted: [],
  unbalanced: [],
  surplus: 0,
  wrongHooks: [],
};

describe('an audit', () => {
  it('finds nothing wrong where the books say what the clients were told', () => {
    const found = auditAll([COMMITTED, REFUSED, GIVEN_UP, UNKNOWN, UNKNOWN], book(entry(1), entry(4)));
    expect(found).toMatchObject({
      ...NOTHING_WRONG,
      committed: 1,
      refused: 1,
      givenUp: { RETRY: 1 },
      unknown: 2,
      unknownApplied: 1,
      unknownByTimeout: 0,
    });
    expect(countWrongAnswers(found)).toBe(0);
  });

  it('finds a committed transfer that is not there', () => {
    const found = auditAll([COMMITTED, COMMITTED], book(entry(2)));
    expect(found).toMatchObject({ ...NOTHING_WRONG, missing: [1] });
    expect(countWrongAnswers(found)).toBe(1);
  });

  it('finds a failed transfer that is there', () => {
    const found = auditAll([GIVEN_UP, REFUSED], book(entry(1)));
    expect(found).toMatchObject({ ...NOTHING_WRONG, appliedAfterAll: [1] });
    expect(countWrongAnswers(found)).toBe(1);
  });

  it.each([COMMITTED, GIVEN_UP, UNKNOWN])(
    'finds a transfer that is there twice, though it was $kind',
    (ending) => {
      const found = auditAll([ending], book(entry(1), entry(1)));
      expect(found.repeated).toEqual([1]);
      expect(countWrongAnswers(found)).toBe(1);
    },
  );

  it('finds a transfer that nobody was told about', () => {
    const found = audit(
      [transfer(1), transfer(2)],
      { endings: new Map([[1, COMMITTED]]), hookRuns: new Map([[1, 1]]) },
      book(entry(1)),
      SETTING,
    );
    expect(found).toMatchObject({ ...NOTHING_WRONG, unreported: [2] });
    expect(countWrongAnswers(found)).toBe(1);
  });

  it.each([{ amount: 11 }, { from: 3 }, { to: 3 }, { id: 7 }])(
    'finds an entry that is not as asked: %o',
    (change) => {
      const { distorted } = auditAll([COMMITTED], { ...book(), entries: [{ ...entry(1), ...change }] });
      expect(distorted).toEqual([change.id ?? 1]);
    },
  );

  it('finds the accounts that half a transfer has left', () => {
    const found = auditAll([COMMITTED], { entries: [entry(1)], balances: [90, 100, 100] });
    expect(found).toMatchObject({ ...NOTHING_WRONG, unbalanced: [2], surplus: -10 });
  });

  it('counts what stayed unknown because nobody answered in time', () => {
    const found = auditAll([{ kind: 'unknown', reason: 'timeout' }, UNKNOWN], book());
    expect(found).toMatchObject({ unknown: 2, unknownByTimeout: 1 });
  });

  it.each<[string, Ending, number]>([
    ['did not run after a commit', COMMITTED, 0],
    ['ran twice after a commit', COMMITTED, 2],
    ['ran after a failure', GIVEN_UP, 1],
    ['ran though nobody knows', UNKNOWN, 1],
  ])('finds a hook that %s', (_, ending, runs) => {
    const books = ending.kind === 'committed' ? book(entry(1)) : book();
    expect(auditAll([ending], books, new Map([[1, runs]])).wrongHooks).toEqual([1]);
  });
});
