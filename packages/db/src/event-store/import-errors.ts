/** An append took the place that an event was to get; nothing was written. Run again it gets the next one. */
export class ImportRaceError extends Error {
  override readonly name = 'ImportRaceError';
  readonly code = 'HOLDFAST_IMPORT_RACE';

  constructor() {
    super('an append to one of the streams came between');
  }
}

/** The server refuses one of the events; nothing was written. Which one is found by trying fewer. */
export class ImportRefusedError extends Error {
  override readonly name = 'ImportRefusedError';
  readonly code = 'HOLDFAST_IMPORT_REFUSED';

  constructor(readonly sqlstate: string) {
    super(`PostgreSQL refuses one of the events with ${sqlstate}`);
  }
}
