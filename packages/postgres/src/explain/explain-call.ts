import { InvalidOptionError, requireKnownOptions } from '@holdfast/resilience';
import type { EntityManager, QueryRunner } from 'typeorm';
import { describeKind } from '../bulk/describe-kind';
import { requireFlag } from '../bulk/require-arguments';
import { withRunner } from '../bulk/run-statements';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { type Lease, readLease } from '../pool/lease';
import { describeReadFailure } from '../repository/read-failure';
import { findStatementName } from '../statements/statement-name';
import {
  askForCustomPlan,
  askForGenericPlan,
  askForPlanWithoutScans,
  askForRun,
  isInTransaction,
} from './ask-for-plan';
import { type CapturedStatement, captureStatement } from './capture-statement';
import { describePlan, type Explanation } from './explanation';
import { hideExpressions, listIndexes, type PlanNode, writes } from './plan-node';

export interface ExplainOptions {
  /**
   * Whether the statement is executed, in a transaction that may only read, to count rows and pages. Not for what writes, and not inside of a
   * transaction. Default false.
   */
  readonly analyze?: boolean;
}

/**
 * Resolves with how the server would answer the first statement that a call sends through the manager that it is given, on the connection that
 * it would be sent on, or on one of the primary. It is not sent, and nothing is written.
 *
 * @throws what the call throws before it sends anything; InvalidOptionError; QueryFailedError, without parameters, where the server refuses the
 * statement; ForeignDataSourceError; QueryRunnerAlreadyReleasedError.
 */
export async function explainCall(
  manager: EntityManager,
  call: (manager: EntityManager) => unknown,
  options: ExplainOptions = {},
): Promise<Explanation> {
  requireKnownOptions('explain', options, ['analyze']);
  const { analyze = false } = options;
  requireFlag('analyze', analyze);
  return withRunner(manager, async (runner) => {
    const lease = await requireLease(runner);
    const statement = await captureStatement(runner, lease, call);
    try {
      return await explain(lease, statement, analyze);
    } catch (error) {
      throw describeReadFailure(statement.text, error);
    }
  });
}

async function requireLease(runner: QueryRunner): Promise<Lease> {
  const lease = readLease(await runner.connect());
  if (lease === undefined) throw new ForeignDataSourceError();
  return lease;
}

async function explain(lease: Lease, statement: CapturedStatement, analyze: boolean): Promise<Explanation> {
  const { text, values, isStreamed } = statement;
  const isNamed = lease.client.statements !== undefined && !isStreamed;
  const name = isNamed ? findStatementName(text, values) : undefined;
  const planned = await askForCustomPlan(lease, statement);
  if (analyze) requireAnalyzable(lease, planned);
  const root = analyze ? await askForRun(lease, statement) : planned;
  const hasGeneric = name !== undefined && lease.settings.length === 0;
  return {
    text,
    name,
    values: values.map(describeKind),
    custom: describePlan(values.length === 0 ? root : hideExpressions(root)),
    generic: hasGeneric ? describePlan(await askForGenericPlan(lease, statement)) : undefined,
    expected: listIndexes(await askForPlanWithoutScans(lease, statement)),
  };
}

/** @throws InvalidOptionError for what must not be executed, or not here. */
function requireAnalyzable(lease: Lease, root: PlanNode): void {
  if (writes(root)) throw new InvalidOptionError('analyze', true, 'false for a call that writes');
  if (isInTransaction(lease)) throw new InvalidOptionError('analyze', true, 'false inside of a transaction');
}
