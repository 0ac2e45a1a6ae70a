import { setMaxListeners } from 'node:events';

/** Listens for the end of a signal, once. One signal may end any number of waits, of which Node would warn. */
export function listenForAbort(signal: AbortSignal, listener: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
}
