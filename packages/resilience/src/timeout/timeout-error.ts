/**
 * The operation took longer than its timeout. It was told to stop, and may still be running: whether its work was applied
 * is not known, so that no retry takes this error for transient by itself.
 */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  readonly code = 'TIMEOUT';

  constructor(
    /** The limit that was exceeded, in milliseconds. */
    readonly timeoutMs: number,
  ) {
    super(`The operation took longer than ${timeoutMs} ms`);
  }
}
