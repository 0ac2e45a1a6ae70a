/** What went wrong, in a form a program can branch on. */
export type LocalPostgresErrorCode =
  | 'unsupported_version'
  | 'unsupported_platform'
  | 'binaries_missing'
  | 'binaries_unusable'
  | 'no_server_user'
  | 'folder_not_made'
  | 'folder_not_traversable'
  | 'folder_not_owned'
  | 'data_folder_damaged'
  | 'setting_invalid'
  | 'initdb_failed'
  | 'start_failed'
  | 'start_timed_out'
  | 'stop_failed'
  | 'supervisor_failed'
  | 'not_the_owner'
  | 'pgbouncer_missing'
  | 'replication_impossible'
  | 'replay_timed_out'
  | 'promotion_failed'
  | 'test_server_missing'
  | 'template_in_use'
  | 'leaked_connections';

/** Every failure of this package: one line a person can act on, and a stable `code`. */
export class LocalPostgresError extends Error {
  override readonly name: string = 'LocalPostgresError';

  constructor(
    readonly code: LocalPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Connections to a test database were still open when it was dropped. They have been ended. */
export class LeakedConnectionsError extends LocalPostgresError {
  override readonly name = 'LeakedConnectionsError';

  constructor(
    readonly database: string,
    /** How many client connections were open. */
    readonly count: number,
    /** `application_name` of each of them, as a hint at the pool they belong to. */
    readonly applicationNames: readonly string[],
  ) {
    const named = [...new Set(applicationNames.filter((name) => name !== ''))];
    super(
      'leaked_connections',
      `${count} connection${count === 1 ? ' was' : 's were'} still open on test database "${database}"` +
        `${named.length > 0 ? ` (${named.join(', ')})` : ''}: close every client and pool before drop()`,
    );
  }
}

/** The operating system's code of a failed call (`ENOENT`, `EPERM`, …), if the error has one. */
export function readErrno(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
