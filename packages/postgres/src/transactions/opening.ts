import { tagPhase } from '@holdfast/resilience/postgres';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import { ask } from '../statements/ask';
import { type LocalSetting, SET_LOCAL } from '../statements/local-settings';

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
  #answered: Promise<unknown> = Promise.resolve();
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
    await this.#answered;
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
      const [begun, ...limited] = begin.map((text, at) =>
        ask(
          this.#client,
          at === 0 ? { name: nameBegin(text), text, isUrgent: true } : { name: '', text },
          [],
        ),
      );
      const set = settings.map((setting) => ask(this.#client, SET_LOCAL, [...setting]));
      onSent(begin.join('; '), this.#watch(begun));
      this.#answered = Promise.allSettled([begun, ...limited, ...set].map((part) => this.#follow(part)));
      void this.#answered.then(() => {
        this.#state = 'answered';
      });
      return write();
    });
  }

  #watch(answer: Promise<unknown> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#noteBegun = resolve;
      answer?.then(() => resolve(), reject);
    });
  }

  async #follow(part: Promise<unknown> | undefined): Promise<void> {
    try {
      await part;
    } catch (error) {
      this.#failure ??= tagPhase(explainFailure(this.#client, error), 'in-transaction');
    }
  }
}

function nameBegin(text: string): string {
  return `hf_${text.toLowerCase().replaceAll(' ', '_')}`;
}
