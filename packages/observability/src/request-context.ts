import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that the current code runs for. */
export interface RequestContext {
  readonly requestId: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs the work so that it, and everything it starts and awaits, reads this context. */
export function runWithRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the running request, or undefined outside of one. */
export function readRequestContext(): RequestContext | undefined {
  return storage.getStore();
}
