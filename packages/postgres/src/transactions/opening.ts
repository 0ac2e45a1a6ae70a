import { tagPhase } from '@holdfast/resilience/postgres';
import { AnswerTimeoutError } from '../connection/answer-limit';
import { ConnectionLostError, explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import { ask } from '../statements/ask';
import { type LocalSetting, SET_LOCAL } from '../statements/local-settings';
import type { NamedText } from '../statements/reserved-query';

export interface OpeningTerms {
  /** BEGIN, and limits for the transaction: a statement each. */
  readonly begin: readonly string[];
  /** Set for the transaction. */
  readonly settings: readonly LocalSetting[];
  /** Learns of BEGIN when it is sent; what it returns is called once, when BEGIN is answered: with the error if it has failed. */
  readonly onSent: (text: string) => (failure: Error | null) => void;
}

/**
 * The beginning of a transaction. It is not sent before there is something to send behind it, and then both go out in one
 * write under one Sync: if it fails, the server comes to nothing that is behind it.
 */
export class Opening {
  readonly #client: PooledClient;
  readonly #terms: OpeningTerms;
  #state: 'due' | 'away' | 'answered' = 'due';
  #failure: unknown;
  /** Parts that are not answered yet. */
  #due = 0;
  readonly #waiting: (() => void)[] = [];
  #onBegun: ((failure: Error | null) => void) | undefined;

  constructor(client: PooledClient, terms: OpeningTerms) {
    this.#client = client;
    this.#terms = terms;
  }

  get isDue(): boolean {
    return this.#state === 'due';
  }

  /** Whether it was sent, and nobody knows yet whether there is a transaction. */
  get isAway(): boolean {
    return this.#state === 'away';
  }

  /** Why there is no transaction, or none with these limits and settings. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Resolves when it is not away any more. */
  async answered(): Promise<void> {
    if (this.isAway) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The server has answered BEGIN. */
  noteBegun(): void {
    this.#answerBegin(null);
  }

  /** Sends it, and behind it what `write` sends before it returns. */
  sendWith<T>(write: () => T): T {
    const { begin, settings, onSent } = this.#terms;
    this.#state = 'away';
    return this.#client.sendTogether(() => {
      this.#due = begin.length + settings.length;
      const [start = '', ...limits] = begin;
      this.#ask(nameBegin(start), [], this.#answerBegin);
      for (const text of limits) this.#ask({ name: '', text }, []);
      for (const setting of settings) this.#ask(SET_LOCAL, [...setting]);
      this.#onBegun = onSent(begin.join('; '));
      return write();
    });
  }

  readonly #answerBegin = (failure: Error | null): void => {
    const onBegun = this.#onBegun;
    this.#onBegun = undefined;
    onBegun?.(failure);
  };

  #ask(statement: NamedText, values: string[], onAnswer?: (failure: Error | null) => void): void {
    ask(this.#client, statement, values, (failure) => {
      if (failure) this.#failure ??= tagPhase(this.#describe(failure), 'in-transaction');
      onAnswer?.(failure);
      this.#due -= 1;
      if (this.#due > 0) return;
      this.#state = 'answered';
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** A server that does not answer BEGIN is silent, and the connection is given up for it. What stands behind BEGIN may take long. */
  #describe(failure: Error): unknown {
    const isBegun = this.#onBegun === undefined;
    if (failure instanceof AnswerTimeoutError && !isBegun) return new ConnectionLostError(SILENT, failure);
    return explainFailure(this.#client, failure);
  }
}

const SILENT = '08006';
const NAMED = new Map<string, NamedText>();

/** There are as many as there are ways to begin a transaction. */
function nameBegin(text: string): NamedText {
  const known = NAMED.get(text);
  if (known !== undefined) return known;
  const named = { name: `hf_${text.toLowerCase().replaceAll(' ', '_')}`, text, isUrgent: true };
  NAMED.set(text, named);
  return named;
}
