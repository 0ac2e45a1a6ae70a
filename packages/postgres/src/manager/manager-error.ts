/** The connection manager of a DataSource was asked for before it was set up. */
export class ConnectionManagerMissingError extends Error {
  override readonly name = 'ConnectionManagerMissingError';
  readonly code = 'CONNECTION_MANAGER_MISSING';

  constructor() {
    super(
      'The connection manager of this DataSource was used before it was set up: call createConnectionManager(dataSource) first, where the program is wired',
    );
  }
}

/** The DataSource has a connection manager already, and two would each check and warn. */
export class ConnectionManagerExistsError extends Error {
  override readonly name = 'ConnectionManagerExistsError';
  readonly code = 'CONNECTION_MANAGER_EXISTS';

  constructor() {
    super(
      'The DataSource has a connection manager already: share it with getConnectionManager(dataSource), or close it first',
    );
  }
}

/** Work ended well and left a transaction open. What it wrote there was rolled back, so that success would be a lie. */
export class TransactionLeftOpenError extends Error {
  override readonly name = 'TransactionLeftOpenError';
  readonly code = 'TRANSACTION_LEFT_OPEN';

  constructor() {
    super(
      'The work ended with a transaction still open, which was rolled back: commit it, or use withTransaction',
    );
  }
}
