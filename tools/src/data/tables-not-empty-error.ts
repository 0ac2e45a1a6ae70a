/** The database holds rows already. It was not touched. */
export class TablesNotEmptyError extends Error {
  override readonly name = 'TablesNotEmptyError';
  readonly code = 'TABLES_NOT_EMPTY';

  constructor(readonly tables: readonly string[]) {
    super(
      `there are rows in ${tables.join(', ')} already; allowed is a database whose tables are empty or not there`,
    );
  }
}
