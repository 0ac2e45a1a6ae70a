/**
 * Resolves as the work does. Work that waits for what nobody will do, such as a promise that is never settled, would end
 * the process silently, and with success.
 *
 * @throws what `explain` makes, once nothing is left that the process could wait for.
 */
export async function unlessIdle<T>(work: Promise<T>, explain: () => Error): Promise<T> {
  let listener: (() => void) | undefined;
  const idle = new Promise<never>((_, reject) => {
    listener = () => reject(explain());
    process.once('beforeExit', listener);
  });
  try {
    return await Promise.race([work, idle]);
  } finally {
    if (listener !== undefined) process.off('beforeExit', listener);
  }
}
