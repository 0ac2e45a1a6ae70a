/** How a call stands, readable at any moment without waiting for it. */
export class Outcome {
  state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
  value: unknown;
  error: unknown;
}

/** Follows a promise; its rejection counts as handled. */
export function watch(promise: Promise<unknown>): Outcome {
  const outcome = new Outcome();
  promise.then(
    (value) => {
      outcome.state = 'fulfilled';
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.state = 'rejected';
      outcome.error = error;
    },
  );
  return outcome;
}

/** The error with which a promise rejects. @throws Error when it resolves. */
export async function caught(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`resolved to ${String(value)}, but a rejection was expected`);
}

/** Lets everything run that needs no time: each promise reaction queued by now, and those they queue in turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
