import type { Exchange } from '../statements/pg-internals';

/** What was sent is not answered in time; nobody knows whether it was done. */
export class AnswerTimeoutError extends Error {
  constructor() {
    // As node-postgres says it.
    super('Query read timeout');
  }
}

/** Whose statement is limited. */
interface LimitedClient {
  /** Whether statements are written as they come. */
  readonly pipeline: boolean;
  cut(): void;
}

/**
 * As node-postgres limits its own queries by its `query_timeout`: what is not answered in time fails. If it waits, it is not sent; if it is
 * sent in a pipeline, the connection is cut.
 * @param limitMs from now, in milliseconds.
 */
export function limitAnswer(client: LimitedClient, exchange: Exchange, limitMs: number): void {
  const { callback = ignore } = exchange;
  const timer = setTimeout(() => {
    exchange.callback = ignore;
    (callback as (error: Error) => void)(new AnswerTimeoutError());
    const { _queryQueue } = client as unknown as { readonly _queryQueue: Exchange[] };
    const at = _queryQueue.indexOf(exchange);
    if (at >= 0) _queryQueue.splice(at, 1);
    else if (client.pipeline) client.cut();
  }, limitMs);
  exchange.callback = (error, answer) => {
    clearTimeout(timer);
    callback(error, answer);
  };
}

function ignore(): void {}
