import { tagPhase } from '@holdfast/resilience/postgres';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import { askBack } from '../statements/ask';
import { type LocalSetting, SET_LOCAL } from '../statements/local-settings';
import type { NamedText } from '../statements/reserved-query';

export interface OpeningTerms {
  /** BEGIN, and limits for the transaction: a statement each. */
  readonly begin: readonly string[];
  /** Set for the transaction. */
  readonly settings: readonly LocalSetting[];
  /** Learns of BEGIN when it is sent; `begun` settles when it is answered, and rejects if it fails. */
  readonly onSent: (text: string, begun: Promise<void>) => void;
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
  #noteBegun: () => void = () => {};

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
    this.#noteBegun();
  }

  /** Sends it, and behind it what `write` sends before it returns. */
  sendWith<T>(write: () => T): T {
    const { begin, settings, onSent } = this.#terms;
    this.#state = 'away';
    return this.#client.sendTogether(() => {
      this.#due = begin.length + settings.length;
      const begun = new Promise<void>((resolve, reject) => {
        this.#noteBegun = resolve;
        for (const [at, text] of begin.entries()) {
          const statement = at === 0 ? { name: nameBegin(text), text, isUrgent: true } : { name: '', text };
          this.#ask(statement, [], at === 0 ? (error) => (error ? reject(error) : resolve()) : undefined);
        }
      });
      for (const setting of settings) this.#ask(SET_LOCAL, [...setting]);
      onSent(begin.join('; '), begun);
      return write();
    });
  }

  #ask(statement: NamedText, values: string[], onAnswer?: (error: Error | null) => void): void {
    askBack(this.#client, statement, values, (error) => {
      onAnswer?.(error);
      if (error) this.#failure ??= tagPhase(explainFailure(this.#client, error), 'in-transaction');
      this.#due -= 1;
      if (this.#due > 0) return;
      this.#state = 'answered';
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }
}

function nameBegin(text: string): string {
  return `hf_${text.toLowerCase().replaceAll(' ', '_')}`;
}
