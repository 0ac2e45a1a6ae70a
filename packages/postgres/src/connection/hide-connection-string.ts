/** Whoever prints a pool must not print the password in its URL. */
export function hideConnectionString(options: object): void {
  if (!('connectionString' in options)) return;
  Object.defineProperty(options, 'connectionString', { enumerable: false });
}
