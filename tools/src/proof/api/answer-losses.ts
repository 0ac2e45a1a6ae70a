import type { PostgresProxy } from '@holdfast/local-postgres';

/** Cuts connections whose server has just committed, so that nobody hears of it. */
export interface AnswerLosses {
  /** How many commits nobody heard of so far. */
  readonly count: number;
  /** So many further commits are not heard of. Resolves when they are done, or when the patience is over. */
  lose(answers: number): Promise<void>;
}

const PATIENCE_MS = 1_000;

/** What the server says of a write when it has committed: of a statement alone, or of a transaction. */
const COMMITTED = /^(?:INSERT|UPDATE|COMMIT)\b/;

/**
 * A server that is told to stop lets commits be answered. A machine that fails, or a network, does not: the answers of the last
 * moment before each restart are cut here.
 */
export function loseAnswers(proxy: PostgresProxy): AnswerLosses {
  let [count, left] = [0, 0];
  let done = (): void => undefined;
  // Inside a transaction a statement has committed nothing yet.
  const inTransaction = new Set<number>();
  proxy.onMessage(({ direction, type, text, connection }) => {
    if (direction !== 'backend' || type !== 'C') return undefined;
    if (text === 'BEGIN' || text === 'START TRANSACTION') inTransaction.add(connection.id);
    const isCommitted =
      text === 'COMMIT' || (COMMITTED.test(text ?? '') && !inTransaction.has(connection.id));
    if (text === 'COMMIT' || text === 'ROLLBACK') inTransaction.delete(connection.id);
    if (left === 0 || !isCommitted) return undefined;
    left -= 1;
    count += 1;
    if (left === 0) done();
    return 'cut-before';
  });
  return {
    get count() {
      return count;
    },
    async lose(answers) {
      left = answers;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        done = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      left = 0;
    },
  };
}
