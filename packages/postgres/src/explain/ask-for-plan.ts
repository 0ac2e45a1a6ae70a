import type { QueryResult } from 'pg';
import type { Lease } from '../pool/lease';
import { CUSTOM_PLAN } from '../statements/custom-plan';
import { type LocalSetting, NO_SETTINGS } from '../statements/local-settings';
import type { CapturedStatement } from './capture-statement';
import type { PlanNode } from './plan-node';

/** The plan for the values of a statement. Nothing is executed. */
export function askForCustomPlan(lease: Lease, { text, values }: CapturedStatement): Promise<PlanNode> {
  return readPlan(send(lease, renderExplain(text), values));
}

/** The plan for all values. Settings of the lease do not hold for it. */
export function askForGenericPlan(lease: Lease, { text }: CapturedStatement): Promise<PlanNode> {
  return withSettings(lease, NO_SETTINGS, () => readPlan(send(lease, renderExplain(text, 'GENERIC_PLAN'))));
}

/**
 * The plan for the values of a statement if no table were read from its beginning on. Inside a transaction the setting for it is taken back
 * right behind the question, so that nobody's statement comes between.
 */
export async function askForPlanWithoutScans(lease: Lease, statement: CapturedStatement): Promise<PlanNode> {
  const before = isInTransaction(lease) ? await readScanSetting(lease) : undefined;
  const settings: LocalSetting[] = [...lease.settings, ['enable_seqscan', 'off']];
  const plan = withSettings(lease, settings, () => askForCustomPlan(lease, statement));
  const isTakenBack = before === undefined || send(lease, `SET LOCAL enable_seqscan = ${before}`);
  const [root] = await Promise.all([plan, isTakenBack]);
  return root;
}

async function readScanSetting(lease: Lease): Promise<'on' | 'off'> {
  const { rows } = await send(lease, `SELECT current_setting('enable_seqscan') AS setting`);
  const [{ setting }] = rows as [{ readonly setting: 'on' | 'off' }];
  return setting;
}

/** The plan for the values of a statement, which is executed and may write nothing. Outside of a transaction. */
export async function askForRun(lease: Lease, { text, values }: CapturedStatement): Promise<PlanNode> {
  const { client } = lease;
  const wasReadOnly = client.isReadOnly;
  const settings: LocalSetting[] = [...lease.settings, ['transaction_read_only', 'on']];
  try {
    return await withSettings(lease, settings, () =>
      readPlan(send(lease, renderExplain(text, 'ANALYZE, BUFFERS'), values)),
    );
  } finally {
    // What was refused was read-only on purpose; the server takes writes as before.
    client.isReadOnly = wasReadOnly;
  }
}

export function isInTransaction({ gate, client }: Lease): boolean {
  return gate !== undefined || client.getTransactionStatus() !== 'I';
}

/** Marked, so that the question takes no place among prepared statements. */
function renderExplain(text: string, option?: string): string {
  const options = [option, 'FORMAT JSON'].filter((one) => one !== undefined).join(', ');
  return `/* ${CUSTOM_PLAN} */ EXPLAIN (${options}) ${text}`;
}

/** What `write` sends before it returns has these settings. */
function withSettings<T>(lease: Lease, settings: readonly LocalSetting[], write: () => T): T {
  const { settings: own } = lease;
  lease.settings = settings;
  try {
    return write();
  } finally {
    lease.settings = own;
  }
}

function send(lease: Lease, text: string, values?: readonly unknown[]): Promise<QueryResult> {
  return lease.query(text, values) as Promise<QueryResult>;
}

async function readPlan(answer: Promise<QueryResult>): Promise<PlanNode> {
  const { rows } = await answer;
  const [row] = rows as [{ readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }];
  return row['QUERY PLAN'][0].Plan;
}
