import { requireNumber } from '@holdfast/resilience';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { quoteIdentifier } from '../specification/identifier';
import { captureStatements, type Watcher } from '../statement/capture-statements';
import type { PlanMode, SentStatement } from '../statement/sent-statement';
import { ContractError, type ContractErrorCode } from './contract-error';
import type { ContractReport } from './contract-report';
import { type ExplainedRun, explainStatement } from './explain-statement';
import { type ExplainedStatement, judgeContract, type Promised } from './judge-contract';
import type { JudgeLimits } from './judge-run';
import { BOTH_PLANS, listPromisedIndexes, type QueryContract } from './query-contract';

export type CheckContractOptions<Sample> = (undefined extends Sample
  ? { readonly sample?: Sample }
  : { readonly sample: Sample }) & {
  /** As whom the statements are run; the DataSource's own role must be allowed to become it. Default: that of the DataSource. */
  readonly role?: string;
  /** Run before the call, in its transaction and as its role, and not judged: what the application tells each of its sessions. */
  readonly setUp?: (manager: EntityManager) => Promise<unknown>;
  /** Pages of 8 kB up to which a table may be read whole. Default: 1,000. */
  readonly smallTablePages?: number;
  /** Rows up to which sorting needs no index. Default: 100. */
  readonly smallSortRows?: number;
};

const DEFAULTS = Object.freeze({ smallTablePages: 1000, smallSortRows: 100 } satisfies JudgeLimits);

/** Is there as long as the transaction that the call began in. */
const CALL = 'holdfast_contract_call';

/** The mark that packages/postgres puts in front of a statement that is planned for its values each time. */
const CUSTOM_PLAN_MARK = /^\s*\/\*\s*holdfast:custom-plan\b/;

/**
 * Runs the contract's call once, in a transaction that is rolled back, and tells how each statement that it sends is
 * answered, under each kind of plan, and what of the contract that breaks. Each statement is executed, with what it writes
 * and locks: this is for a test database with realistic data, analysed and vacuumed.
 *
 * @param database A runner in a transaction gets a savepoint instead, and the contract sees what the transaction has done.
 * @throws ContractError when the call fails (`HOLDFAST_CONTRACT_NOT_RUN`) or a statement cannot be explained
 *   (`HOLDFAST_CONTRACT_NOT_EXPLAINED`), with the `cause`. InvalidOptionError.
 */
export async function checkContract<Sample>(
  database: DataSource | QueryRunner,
  contract: QueryContract<Sample>,
  ...[options]: undefined extends Sample
    ? [options?: CheckContractOptions<Sample>]
    : [options: CheckContractOptions<Sample>]
): Promise<ContractReport> {
  const limits = readLimits(options);
  const isLent = 'isTransactionActive' in database;
  const runner = isLent ? database : database.createQueryRunner('master');
  try {
    await runner.startTransaction();
    try {
      if (options?.role !== undefined) await runner.query(`set local role ${quoteIdentifier(options.role)}`);
      await options?.setUp?.(runner.manager);
      await runner.query(`savepoint ${CALL}`);
      const explained = await explainCall(runner, contract, options?.sample as Sample);
      const report = judgeContract(contract, explained, limits, await readPromised(runner, contract));
      const [server]: { version: string }[] = await runner.query(
        `select current_setting('server_version') as version`,
      );
      return { ...report, serverVersion: server?.version ?? '' };
    } finally {
      // A connection that is gone has rolled back by itself.
      await runner.rollbackTransaction().catch(() => undefined);
    }
  } finally {
    if (!isLent) await runner.release();
  }
}

function readLimits(given: Partial<JudgeLimits> = {}): JudgeLimits {
  const { smallTablePages = DEFAULTS.smallTablePages, smallSortRows = DEFAULTS.smallSortRows } = given;
  requireNumber('smallTablePages', smallTablePages, { min: 0, integer: true });
  requireNumber('smallSortRows', smallSortRows, { min: 0, integer: true });
  return { smallTablePages, smallSortRows };
}

/** The call, and what became of it: each of its statements explained just before it is sent. */
async function explainCall<Sample>(
  runner: QueryRunner,
  contract: QueryContract<Sample>,
  sample: Sample,
): Promise<readonly ExplainedStatement[]> {
  const explained: ExplainedStatement[] = [];
  const fail = (code: ContractErrorCode, message: string, cause?: unknown): never => {
    throw new ContractError(code, contract.name, message, { cause });
  };
  let refusal: { readonly cause: unknown } | undefined;
  const watcher: Watcher = {
    async before(statement, session) {
      refusal = undefined;
      const runs: ExplainedRun[] = [];
      try {
        for (const mode of listModes(contract, statement))
          runs.push(await explainStatement(session, statement, mode));
      } catch (cause) {
        refusal = { cause };
      }
      explained.push({ sql: statement.sql, runs: refusal === undefined ? runs : [] });
    },
    // What the server refuses the call as well is a matter of the call, which may be prepared for it.
    async after(_, error) {
      if (refusal === undefined || error !== undefined) return;
      fail(
        'HOLDFAST_CONTRACT_NOT_EXPLAINED',
        `statement ${explained.length} could not be explained`,
        refusal.cause,
      );
    },
    onEnding: (sql) =>
      fail(
        'HOLDFAST_CONTRACT_NOT_RUN',
        `the call ends its transaction, with ${sql.trim()}, and would write in earnest: leave that out of run`,
      ),
  };
  try {
    await captureStatements(runner, () => contract.run(runner.manager, sample), watcher);
  } catch (cause) {
    if (cause instanceof ContractError) throw cause;
    fail('HOLDFAST_CONTRACT_NOT_RUN', 'the call failed', cause);
  }
  await runner
    .query(`release savepoint ${CALL}`)
    .catch((cause: unknown) =>
      fail(
        'HOLDFAST_CONTRACT_NOT_RUN',
        'the call left its transaction ended or failed; what it wrote may be there',
        cause,
      ),
    );
  return explained;
}

/** Without parameters there is one plan, whatever it is called. */
function listModes<Sample>(
  { plans = BOTH_PLANS }: QueryContract<Sample>,
  { sql, parameters }: SentStatement,
): readonly PlanMode[] {
  if (CUSTOM_PLAN_MARK.test(sql)) return ['custom'];
  return parameters.length === 0 ? plans.slice(0, 1) : plans;
}

async function readPromised(
  runner: QueryRunner,
  contract: Pick<QueryContract<never>, 'index'>,
): Promise<readonly Promised[]> {
  return runner.query(READ_PROMISED, [listPromisedIndexes(contract)]);
}

const READ_PROMISED = `
  select asked,
         array_agg(space.nspname || '.' || class.relname) filter (where class.oid is not null) as names,
         coalesce(bool_or(index.indisvalid), false) as valid
  from unnest($1::text[]) with ordinality as promise (asked, place)
  left join (pg_class class
             join pg_namespace space on space.oid = class.relnamespace
             join pg_index index on index.indexrelid = class.oid)
    on (class.relname = asked and pg_table_is_visible(class.oid)) or space.nspname || '.' || class.relname = asked
  group by asked, place
  order by place`;
