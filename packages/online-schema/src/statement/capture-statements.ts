import type { QueryRunner } from 'typeorm';
import type { SentStatement, Session } from './sent-statement';

/** Blanks and comments. */
const GAP = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[\s\S]*?\*/)`;
/** What begins so has a plan; the rest (BEGIN, SAVEPOINT, SET, COPY, DDL) is let through unseen. */
const PLANNED = new RegExp(`^(?:${GAP}|\\()*(?:select|insert|update|delete|merge|with|values|table)\\b`, 'i');
const CURSOR = new RegExp(
  `^${GAP}*declare${GAP}+(?:"(?:[^"]|"")+"|\\S+)${GAP}+[^"';]*?\\bcursor\\b[^"';(]*?\\bfor\\b`,
  'i',
);
const ENDING = new RegExp(
  `^${GAP}*(?:commit|end|abort|rollback(?!${GAP}+(?:(?:work|transaction)${GAP}+)?to\\b)|prepare${GAP}+transaction)\\b`,
  'i',
);

/**
 * The property of a query runner through which packages send statements that do not go through its `query`: it is called with the text,
 * the parameters and what sends them. @holdfast/postgres does so, of which this package knows nothing.
 */
const PASS_STATEMENT = Symbol.for('holdfast:pass-statement');

type PassStatement = <T>(sql: string, parameters: readonly unknown[], send: () => Promise<T>) => Promise<T>;

/** What is done with each statement, beside sending it. */
export interface Watcher {
  /**
   * Called before the statement is sent, with what reaches the server unseen: so it is looked at in the very state that
   * it meets. The statement waits. What it throws is thrown where the statement was sent, and by the capture.
   */
  before?(statement: SentStatement, session: Session): Promise<void>;
  /** Called when the statement has been answered or refused; of a stream when it has begun. */
  after?(statement: SentStatement, error: unknown): Promise<void>;
  /** Called instead of sending what would end the transaction; what it throws is thrown as above. */
  onEnding?(sql: string): never;
}

/**
 * The work has run, and these are the statements with a plan that it sent through the runner, as the driver was given
 * them, a cursor's without its DECLARE. They are sent one after the other, in the order in which the work sent them. What
 * goes past the `query` of the runner is among them if its sender honours the property `holdfast:pass-statement`.
 */
export async function captureStatements(
  runner: QueryRunner,
  work: () => Promise<unknown>,
  watcher: Watcher = {},
): Promise<readonly SentStatement[]> {
  const sent: SentStatement[] = [];
  const watched: QueryRunner & { [PASS_STATEMENT]?: PassStatement | undefined } = runner;
  const { query, stream, [PASS_STATEMENT]: passOn } = watched;
  const session: Session = {
    query: (sql: string, parameters?: unknown[]) => query.call(runner, sql, parameters) as never,
    connect: () => runner.connect(),
  };
  const failures: unknown[] = [];
  const keep = (error: unknown): never => {
    failures.push(error);
    throw error;
  };
  let turn: Promise<unknown> = Promise.resolve();

  const pass = <T>(
    sql: string,
    parameters: readonly unknown[] | undefined,
    send: () => Promise<T>,
  ): Promise<T> => {
    const step = async (): Promise<T> => {
      if (ENDING.test(sql)) await (async () => watcher.onEnding?.(sql))().catch(keep);
      const statement = readStatement(sql, parameters);
      if (statement === undefined) return send();
      sent.push(statement);
      await watcher.before?.(statement, session).catch(keep);
      try {
        const answer = await send();
        await watcher.after?.(statement, undefined).catch(keep);
        return answer;
      } catch (error) {
        if (!failures.includes(error)) await watcher.after?.(statement, error).catch(keep);
        throw error;
      }
    };
    const done = turn.then(step);
    turn = done.catch(() => undefined);
    return done;
  };

  const watchedQuery: typeof query = (sql: string, parameters?: unknown[], ...rest: []) =>
    pass(sql, parameters, () => query.call(runner, sql, parameters, ...rest)) as never;
  const watchedStream: typeof stream = (sql, parameters, ...rest) =>
    pass(sql, parameters, () => stream.call(runner, sql, parameters, ...rest));
  const watchedPassage: PassStatement = (sql, parameters, send) =>
    pass(sql, parameters, () => (passOn === undefined ? send() : passOn(sql, parameters, send)));
  Object.assign(runner, { query: watchedQuery, stream: watchedStream });
  watched[PASS_STATEMENT] = watchedPassage;
  try {
    await work();
    await turn;
  } catch (error) {
    // What the work made of it says less than what was thrown to it.
    throw failures[0] ?? error;
  } finally {
    Reflect.deleteProperty(runner, 'query');
    Reflect.deleteProperty(runner, 'stream');
    watched[PASS_STATEMENT] = passOn;
  }
  if (failures.length > 0) throw failures[0];
  return sent;
}

function readStatement(sql: string, parameters: readonly unknown[] = []): SentStatement | undefined {
  const planned = sql.replace(CURSOR, '');
  return PLANNED.test(planned) ? { sql: planned, parameters: [...parameters] } : undefined;
}
