import type { MessageVerdict, PostgresProxy, ProxyMessage } from '@holdfast/local-postgres';

/** Breaks the first message that fits, once, on whichever connection it is. */
export function breakOnce(
  proxy: PostgresProxy,
  fits: (message: ProxyMessage) => boolean,
  verdict: MessageVerdict,
): { readonly done: boolean } {
  const fault = { done: false };
  proxy.onMessage((message) => {
    if (fault.done || !fits(message)) return undefined;
    fault.done = true;
    return verdict;
  });
  return fault;
}

/** Whether a message is the COMMIT of a client. */
export function isCommit({ direction, type, text }: ProxyMessage): boolean {
  return direction === 'frontend' && type === 'Q' && text === 'COMMIT';
}
