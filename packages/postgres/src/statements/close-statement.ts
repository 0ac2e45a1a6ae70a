import type { StatementWriter } from './pg-internals';

/** The name is free on the server once what was written is answered, and counts as free from now on. */
export function closeStatement(connection: StatementWriter, name: string): void {
  connection.close({ type: 'S', name });
  delete connection.parsedStatements[name];
  delete connection.submittedNamedStatements[name];
}
