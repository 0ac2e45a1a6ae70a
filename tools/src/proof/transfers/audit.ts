import type { Books } from './books';
import type { Setting } from './setting';
import { CHECK_VIOLATION, type Ending } from './teller';
import type { Transfer } from './transfer';

/** What clients were told, and what their hooks did. */
export interface Reports {
  readonly endings: ReadonlyMap<number, Ending>;
  readonly hookRuns: ReadonlyMap<number, number>;
}

/** What the clients were told, compared with the books. */
export interface Audit {
  readonly committed: number;
  /** Refused by the CHECK, as they were meant to be. */
  readonly refused: number;
  /** Failed for another reason, by reason. */
  readonly givenUp: Readonly<Record<string, number>>;
  readonly unknown: number;
  /** Of those: the books have them. */
  readonly unknownApplied: number;
  /** Of those: nobody could find out in time. */
  readonly unknownByTimeout: number;
  /** Ids of transfers that nobody was told about. */
  readonly unreported: readonly number[];
  /** Ids of transfers that were reported committed, and the books have not. */
  readonly missing: readonly number[];
  /** Ids of transfers that were reported failed, and the books have. */
  readonly appliedAfterAll: readonly number[];
  /** Ids that the books have several times, however they were reported. */
  readonly repeated: readonly number[];
  /** Ids that the books have with other accounts or another amount, or that nobody asked for. */
  readonly distorted: readonly number[];
  /** Accounts that do not hold what they held at first and the entries have moved. */
  readonly unbalanced: readonly number[];
  /** How much more all accounts hold together than at first. */
  readonly surplus: number;
  /** Ids of transfers whose hook did not run exactly once after a commit, or ran without one. */
  readonly wrongHooks: readonly number[];
}

/** Compares what the clients of a run were told with the books. */
export function audit(
  transfers: readonly Transfer[],
  { endings, hookRuns }: Reports,
  books: Books,
  { startBalance }: Setting,
): Audit {
  const entries = countEntries(books);
  const isOf =
    (kind: Ending['kind']) =>
    ({ id }: Transfer): boolean =>
      endings.get(id)?.kind === kind;
  const applied = ({ id }: Transfer): number => entries.get(id) ?? 0;
  const unknown = transfers.filter(isOf('unknown'));
  const failed = transfers.filter(isOf('failed'));
  const committed = transfers.filter(isOf('committed'));
  const reasons = failed.map(({ id }) => readReasonOf(endings.get(id)));
  return {
    committed: committed.length,
    refused: reasons.filter((reason) => reason === CHECK_VIOLATION).length,
    givenUp: tally(reasons.filter((reason) => reason !== CHECK_VIOLATION)),
    unknown: unknown.length,
    unknownApplied: unknown.filter((transfer) => applied(transfer) > 0).length,
    unknownByTimeout: unknown.filter(({ id }) => readReasonOf(endings.get(id)) === 'timeout').length,
    unreported: transfers.filter(({ id }) => !endings.has(id)).map(({ id }) => id),
    missing: committed.filter((transfer) => applied(transfer) === 0).map(({ id }) => id),
    appliedAfterAll: failed.filter((transfer) => applied(transfer) > 0).map(({ id }) => id),
    repeated: [...entries].filter(([, times]) => times > 1).map(([id]) => id),
    distorted: findDistorted(transfers, books),
    unbalanced: findUnbalanced(books, startBalance),
    surplus: books.balances.reduce((sum, balance) => sum + balance - startBalance, 0),
    wrongHooks: transfers
      .filter(({ id }) => (hookRuns.get(id) ?? 0) !== (endings.get(id)?.kind === 'committed' ? 1 : 0))
      .map(({ id }) => id),
  };
}

/** How many transfers are not what their clients were told: each one counts once. */
export function countWrongAnswers({ missing, appliedAfterAll, repeated, unreported }: Audit): number {
  return new Set([...missing, ...appliedAfterAll, ...repeated, ...unreported]).size;
}

function countEntries({ entries }: Books): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { id } of entries) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function findDistorted(transfers: readonly Transfer[], { entries }: Books): readonly number[] {
  const asked = new Map(transfers.map((transfer) => [transfer.id, transfer]));
  return entries
    .filter(({ id, from, to, amount }) => {
      const transfer = asked.get(id);
      return transfer?.from !== from || transfer.to !== to || transfer.amount !== amount;
    })
    .map(({ id }) => id);
}

function findUnbalanced({ entries, balances }: Books, startBalance: number): readonly number[] {
  const expected = balances.map(() => startBalance);
  for (const { from, to, amount } of entries) {
    expected[from - 1] = (expected[from - 1] ?? Number.NaN) - amount;
    expected[to - 1] = (expected[to - 1] ?? Number.NaN) + amount;
  }
  return balances.flatMap((balance, at) => (balance === expected[at] ? [] : [at + 1]));
}

function readReasonOf(ending: Ending | undefined): string {
  return ending === undefined || ending.kind === 'committed' ? 'none' : ending.reason;
}

function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
