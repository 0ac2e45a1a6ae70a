import { AsyncLocalStorage } from 'node:async_hooks';
import { InvalidOptionError, requireKnownOptions } from '@holdfast/resilience';
import { isSingleStatement, readOperation } from '../pool/statement-text';
import { type Lsn, parseLsn, renderLsn } from './lsn';

/** Beyond all positions of any log. */
const UNKNOWN: Lsn = 2n ** 64n - 1n;

/**
 * What one client has written, as far as its reads must see it. Reads in the session see at least that, wherever they
 * are answered.
 */
export class ReadSession {
  #lsn: Lsn;
  #needsPrimary = false;

  constructor(lsn: Lsn) {
    this.#lsn = lsn === UNKNOWN ? 0n : lsn;
    this.#needsPrimary = lsn === UNKNOWN;
  }

  /**
   * Position in the log that reads must see, as in `16/B374D848`; hand it on to the client's next request. After a write
   * whose position is not known it is beyond all others, and sends the reads of the next session to the primary, too:
   * `readSessionLsn` asks for the position instead.
   */
  get lsn(): string {
    return renderLsn(this.#needsPrimary ? UNKNOWN : this.#lsn);
  }

  get position(): Lsn {
    return this.#lsn;
  }

  /** Whether something was written of which the position is not known: the primary answers from then on. */
  get needsPrimary(): boolean {
    return this.#needsPrimary;
  }

  /** A transaction was committed, at the latest at this position. */
  noteCommit(lsn: string): void {
    const position = parseLsn(lsn);
    if (position > this.#lsn) this.#lsn = position;
  }

  /** Something may have been written, at a position that nobody asked for. */
  noteWrite(): void {
    this.#needsPrimary = true;
  }
}

const STORAGE = new AsyncLocalStorage<ReadSession>();
let isUsed = false;

/**
 * Makes a read session.
 * @param options.lsn what an earlier session has ended with. Default: nothing was written yet.
 * @throws InvalidOptionError when that is no position in the log.
 */
export function createReadSession(options: { readonly lsn?: string | undefined } = {}): ReadSession {
  requireKnownOptions('createReadSession', options, ['lsn']);
  return new ReadSession(options.lsn === undefined ? 0n : parseLsn(options.lsn));
}

/**
 * Runs work in a read session: units of work in it note what they commit, and reads in it that go to a replica see that.
 * Other writes send the reads after them to the primary.
 * @throws InvalidOptionError when it is no session, or the work no function; what the work throws.
 */
export function withReadSession<T>(session: ReadSession, work: () => T): T {
  requireReadSession(session);
  if (typeof work !== 'function') throw new InvalidOptionError('work', work, 'a function');
  isUsed = true;
  return STORAGE.run(session, work);
}

/** @throws InvalidOptionError unless it is a session, not the position of one. */
export function requireReadSession(session: unknown): void {
  if (session instanceof ReadSession) return;
  throw new InvalidOptionError('session', session, 'a session made by createReadSession()');
}

/** Returns the session that the running code is in. */
export function currentReadSession(): ReadSession | undefined {
  return isUsed ? STORAGE.getStore() : undefined;
}

/** Statements that write nothing, unless another stands in them or a function in them does. */
const READS: ReadonlySet<string> = new Set(
  'SELECT WITH VALUES TABLE EXPLAIN SHOW SET RESET BEGIN START SAVEPOINT RELEASE ROLLBACK ABORT COMMIT END'.split(
    ' ',
  ),
);
/** What writes inside such a statement; a literal that reads like it costs a read on the primary. */
const WRITES_INSIDE =
  /\b(?:insert|delete|merge|into|execute|prepared)\b|(?<!\bfor\s+(?:no\s+key\s+)?)\bupdate\b/i;
const QUOTED_NAME = /"\w+"/g;

/** Notes a statement outside a unit of work in the session that the running code is in. */
export function noteStatement(text: string): void {
  const session = currentReadSession();
  if (session !== undefined && mayWrite(text)) session.noteWrite();
}

function mayWrite(text: string): boolean {
  if (!READS.has(readOperation(text)) || !isSingleStatement(text)) return true;
  return WRITES_INSIDE.test(text.replace(QUOTED_NAME, ''));
}
