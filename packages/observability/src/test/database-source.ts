import type { DatabaseEventSource, StatementReading, TransactionReading } from '../database/database-events';

type Listener = (event: never) => void;

/** A client that does what it is told to, in the calling context, as the real ones tell. */
export class ScriptedDatabase implements DatabaseEventSource {
  readonly #listeners = new Map<string, Set<Listener>>();

  on(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  tell(name: string, event: object): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event as never);
  }

  runStatement(statement: Partial<StatementReading> = {}): void {
    const text = statement.text ?? 'SELECT * FROM users WHERE id = $1';
    this.tell('operation', {
      pool: 'primary',
      text,
      operation: text.split(' ', 1)[0],
      startedAtMs: Date.now() - 10,
      durationMs: 10,
      waitMs: 0,
      error: undefined,
      ...statement,
    });
  }

  runTransaction(transaction: Partial<TransactionReading> = {}): void {
    this.tell('transaction', {
      pool: 'primary',
      outcome: 'committed',
      attempts: 1,
      durationMs: 20,
      resolvedBy: undefined,
      error: undefined,
      ...transaction,
    });
  }
}

/** An error as a database client makes it, with the values of a row in its fields. */
export function createDatabaseError(code = '23505'): Error {
  return Object.assign(new Error('duplicate key: ada@example.org'), {
    name: 'QueryFailedError',
    code,
    detail: 'Key (email)=(ada@example.org) already exists.',
    query: 'insert into users values ($1)',
    parameters: ['ada@example.org'],
  });
}
