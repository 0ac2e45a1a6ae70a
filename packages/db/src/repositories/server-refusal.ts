import { QueryFailedError } from 'typeorm';

/** What PostgreSQL says of a refusal. `detail` and the parameters are left out: they hold the values of rows. */
interface ServerError {
  readonly code?: string;
  readonly table?: string;
  readonly constraint?: string;
}

/** SQLSTATE of a statement that the server refused, or undefined for any other error. */
export function sqlstateOf(error: unknown): string | undefined {
  return serverErrorOf(error).code;
}

/** Name of the constraint or unique index that refused a row, or undefined where there is none. */
export function violatedConstraint(error: unknown): string | undefined {
  return serverErrorOf(error).constraint;
}

/** The server's refusal as the cause of another error: SQLSTATE, table and constraint, without any value. */
export function refusalCause(error: unknown): Error {
  return new ServerRefusalError(serverErrorOf(error));
}

/** What stands in for TypeORM's QueryFailedError and the driver's error, which both carry what the user wrote. */
class ServerRefusalError extends Error {
  override readonly name = 'ServerRefusalError';
  readonly code: string | undefined;
  readonly table: string | undefined;
  readonly constraint: string | undefined;

  constructor({ code, table, constraint }: ServerError) {
    const place = [table, constraint].filter((name) => name !== undefined).join(', ');
    super(`PostgreSQL refused the statement with ${code}${place && ` (${place})`}`);
    this.code = code;
    this.table = table;
    this.constraint = constraint;
  }
}

function serverErrorOf(error: unknown): ServerError {
  return error instanceof QueryFailedError ? (error.driverError as ServerError) : {};
}
