/** A door in the exports of pg that its types leave out. */
declare module 'pg/lib/utils' {
  /** What pg sends for a parameter: text, bytes or NULL. */
  export function prepareValue(value: unknown): string | Buffer | null;
}
