import type { StatementWriter } from './pg-internals';

/** Messages by the name of the statement: ours, of which there are few. */
const EXECUTIONS = new Map<string, Buffer>();

/** Writes Bind and Execute of a statement of ours that the server holds, and that has no values: always the same bytes. */
export function writeExecution(connection: StatementWriter, name: string): void {
  let message = EXECUTIONS.get(name);
  if (message === undefined) {
    message = renderExecution(name);
    EXECUTIONS.set(name, message);
  }
  connection._send(message);
}

/** The portal is the unnamed one; all rows come, as texts. */
function renderExecution(name: string): Buffer {
  const portal = Buffer.from('\0');
  // No formats of values, no values, and no formats of columns.
  const bind = renderMessage('B', [portal, Buffer.from(`${name}\0`), Buffer.alloc(6)]);
  const execute = renderMessage('E', [portal, Buffer.alloc(4)]);
  return Buffer.concat([bind, execute]);
}

function renderMessage(kind: string, body: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(4 + body.reduce((sum, { length }) => sum + length, 0), 1);
  return Buffer.concat([head, ...body]);
}
