import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityManager, QueryRunner } from 'typeorm';
import type { Lease } from '../pool/lease';
import { LEASE } from '../pool/lease-face';
import { readOperation } from '../pool/statement-text';
import { type Passage, type PassStatement, passThrough } from '../repository/pass-statement';

/** A statement that was not sent. */
export interface CapturedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Whether its rows would be taken in batches. */
  readonly isStreamed: boolean;
}

/** What surrounds statements, and is left out where none is sent. */
const AROUND: ReadonlySet<string> = new Set('BEGIN START SAVEPOINT RELEASE SET COMMIT ROLLBACK'.split(' '));

/**
 * Resolves with the first statement that a call would send through the manager that it is given. Nothing is sent, and what else goes through
 * the runner meanwhile is not touched.
 *
 * @param lease The runner's hold on its connection.
 * @throws what the call throws before it sends anything; InvalidOptionError for one that sends nothing.
 */
export async function captureStatement(
  runner: QueryRunner,
  lease: Lease,
  call: (manager: EntityManager) => unknown,
): Promise<CapturedStatement> {
  let captured: CapturedStatement | undefined;
  const stop = async (
    text: string,
    values: readonly unknown[] = [],
    { isStreamed = false }: Passage = {},
  ): Promise<never> => {
    captured ??= { text, values: [...values], isStreamed };
    throw new Error('The statement is explained, and not sent');
  };
  const query = async (text: string, values?: unknown[]): Promise<unknown> =>
    AROUND.has(readOperation(text)) ? [] : stop(text, values);
  const pass: PassStatement = (text, values, _send, passage) => stop(text, values, passage);
  const connection = createMuteFace(lease, query);
  // It has what the runner has; what is changed of it is its own.
  const watched: QueryRunner = Object.assign(Object.create(runner), {
    query,
    stream: query,
    connect: async () => connection,
  });
  passThrough(watched, pass);
  const manager = runner.dataSource.createEntityManager(watched);
  Object.assign(watched, { manager });
  try {
    await settle(call(manager));
  } catch (error) {
    if (captured === undefined) throw error;
  }
  if (captured === undefined) throw new InvalidOptionError('call', 'nothing', 'one that sends a statement');
  return captured;
}

/** What is read in parts sends nothing until its first part is asked for. */
async function settle(answer: unknown): Promise<void> {
  const resolved = await answer;
  if (typeof resolved !== 'object' || resolved === null || !(Symbol.asyncIterator in resolved)) return;
  for await (const _ of resolved as AsyncIterable<unknown>) return;
}

/** What has all that the lease has and sends nothing: a stream rules it, and ends its transaction, as it would those of its own. */
function createMuteFace(lease: Lease, query: (text: string) => Promise<unknown>): object {
  const mute: Lease = Object.assign(Object.create(lease), { query });
  return Object.defineProperty(Object.create(lease.face), LEASE, { value: mute });
}
