declare module 'postgres-date' {
  /** A Date; a number for infinity; null for what is no date. */
  function parseDate(text: string): Date | number | null;
  export = parseDate;
}
