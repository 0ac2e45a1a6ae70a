import { countBuffers, type ExplainedPlan, listNodes, type PlanNode } from '../statement/plan-node';
import { renderParameter } from '../statement/render-parameter';
import type { PlanMode, SentStatement, Session } from '../statement/sent-statement';
import { countTouchedPages, findTouchedSince, readTouched, type Touched } from '../statement/touched';
import { findUsedIndexes, type UsedIndex } from './find-used-indexes';
import { type ReadTable, readTables } from './read-tables';

export interface ExplainedRun {
  readonly mode: PlanMode;
  readonly root: PlanNode;
  /** Pages touched, by its triggers and functions too. */
  readonly buffers: number;
  /** By `schema.name` of each table that the plan names or something behind it read whole. */
  readonly tables: ReadonlyMap<string, ReadTable>;
  readonly indexes: readonly UsedIndex[];
  /** Tables, as `schema.name`, that foreign keys, other triggers or functions read from their beginning on. */
  readonly scannedUnseen: readonly string[];
}

const NAME = 'holdfast_contract_statement';
const SAVEPOINT = 'holdfast_contract';

/**
 * Runs a statement under a plan of that kind, once to warm the cache and once more to look, and takes both back. Inside a
 * transaction, which stays as it was.
 */
export async function explainStatement(
  session: Session,
  { sql, parameters }: SentStatement,
  mode: PlanMode,
): Promise<ExplainedRun> {
  const values = parameters.map(renderParameter).join(', ');
  const execute = `execute ${NAME}${parameters.length === 0 ? '' : `(${values})`}`;
  let prepared = false;
  await session.query(`savepoint ${SAVEPOINT}`);
  try {
    await force(session, mode);
    await prepareAlone(session, sql);
    prepared = true;
    await explain(session, execute);
    await session.query(`rollback to savepoint ${SAVEPOINT}`);
    await force(session, mode);
    const before = await readTouched(session);
    const root = await explain(session, execute);
    const touched = findTouchedSince(before, await readTouched(session));
    const scanned = findScannedUnseen(root, touched);
    return {
      mode,
      root,
      buffers: Math.max(countBuffers(root), countTouchedPages(touched)),
      tables: await readTables(session, root, scanned),
      indexes: await findUsedIndexes(session, root, touched),
      scannedUnseen: scanned,
    };
  } finally {
    await session.query(`rollback to savepoint ${SAVEPOINT}`);
    await session.query(`release savepoint ${SAVEPOINT}`);
    // What is prepared outlives a rollback.
    if (prepared) await session.query(`deallocate ${NAME}`);
  }
}

/** For this statement only: rolled back with it. */
async function force(session: Session, mode: PlanMode): Promise<void> {
  await session.query(`set local plan_cache_mode = force_${mode}_plan`);
  await session.query('set local jit = off');
}

/** In the extended protocol the server refuses a text of several statements, of which only the first would be prepared. */
async function prepareAlone(session: Session, sql: string): Promise<void> {
  const connection: DriverConnection = await session.connect();
  await connection.query({ text: `prepare ${NAME} as ${sql}`, queryMode: 'extended' });
}

/** As much of pg's client as is needed, which knows more than TypeORM does. */
interface DriverConnection {
  query(request: { readonly text: string; readonly queryMode: 'extended' }): Promise<unknown>;
}

async function explain(session: Session, execute: string): Promise<PlanNode> {
  const rows: { 'QUERY PLAN': readonly [ExplainedPlan] }[] = await session.query(
    `explain (analyze, buffers, verbose, timing off, format json) ${execute}`,
  );
  const [found] = rows[0]?.['QUERY PLAN'] ?? [];
  if (found === undefined) throw new Error('EXPLAIN gave no plan');
  return found.Plan;
}

/** What the plan itself reads so, its nodes tell better. */
function findScannedUnseen(root: PlanNode, touched: readonly Touched[]): string[] {
  const seen = new Set(
    listNodes(root)
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => `${node.Schema}.${node['Relation Name']}`),
  );
  return touched
    .filter(({ name, isIndex, scans }) => !isIndex && scans > 0 && !seen.has(name))
    .map(({ name }) => name);
}
