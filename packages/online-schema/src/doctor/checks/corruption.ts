import type { QueryRunner } from 'typeorm';
import { quoteIdentifier, quoteQualified } from '../../specification/identifier';
import type { Check, CheckContext, CheckResult, Finding } from '../check';
import { CheckRefusedError } from '../check-refused-error';
import { renderNames } from '../explain-hidden';
import { renderBytes } from '../quantity';
import { renderRebuild } from '../render-mend';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';
import { tryQuery } from '../try-query';

/** Damaged data, damaged index: what the server calls what it finds broken. */
const CORRUPTION = ['XX001', 'XX002'] as const;

/** A btree whose pages contradict each other: queries through it give wrong answers, or none. */
export const corruption: Check = {
  id: 'corruption',
  title: 'Damaged index',
  severity: 'critical',
  async run(context) {
    const [amcheck]: Amcheck[] = await context.runner.query(READ_AMCHECK);
    if (amcheck === undefined) {
      throw refusal('CREATE EXTENSION amcheck lets it look, which takes a role that may create extensions');
    }
    if (!amcheck.allowed) {
      throw refusal(
        `GRANT USAGE ON SCHEMA ${quoteIdentifier(amcheck.schema)} and GRANT EXECUTE ON FUNCTION ` +
          `${quoteQualified(amcheck.schema, 'bt_index_check')}(regclass, boolean) let this role look`,
      );
    }
    return examineIndexes(context, amcheck.schema);
  },
};

interface Amcheck {
  readonly schema: string;
  readonly allowed: boolean;
}

interface BtreeIndex {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
}

function refusal(remedy: string): CheckRefusedError {
  return new CheckRefusedError(`Whether indexes are damaged was not looked at: ${remedy}.`);
}

async function examineIndexes(
  { runner, schemas, timeoutMs }: CheckContext,
  extensionSchema: string,
): Promise<CheckResult> {
  const started = performance.now();
  const findings: Finding[] = [];
  const unseen: string[] = [];
  const late: BtreeIndex[] = [];
  const locked = new Set<string>();
  for (const index of await readBtrees(runner, schemas)) {
    const left = timeoutMs - (performance.now() - started);
    if (locked.has(`${index.schema}.${index.table}`)) continue;
    if (left <= 0) {
      late.push(index);
      continue;
    }
    const attempt = await tryQuery(runner, {
      sql: `select ${quoteQualified(extensionSchema, 'bt_index_check')}($1::oid::regclass, false)`,
      parameters: [index.oid],
      timeoutMs: left,
    });
    if (!('refusal' in attempt)) continue;
    const { code, message } = attempt.refusal;
    if (CORRUPTION.some((known) => known === code)) findings.push(toFinding(index, message));
    else if (code === '57014') late.push(index);
    else if (code === '55P03') locked.add(`${index.schema}.${index.table}`);
    else unseen.push(`${index.schema}.${index.name} was not looked at: ${message}.`);
  }
  if (late.length > 0) unseen.push(explainLate(late, timeoutMs));
  if (locked.size > 0) {
    unseen.push(
      `Somebody holds a lock on ${renderNames([...locked])}; look at its indexes again when that has ended.`,
    );
  }
  return { findings, unseen };
}

function toFinding(index: BtreeIndex, message: string): Finding {
  const { schema, table, name, bytes } = index;
  return {
    object: `${schema}.${name}`,
    subject: { schema, table, index: name },
    message:
      `It is damaged (${message}): queries through it may miss rows or fail, and a unique one may let duplicates in. A ` +
      'rebuild mends it, if the table is whole; find out first what damaged it: the disk, a copy of the files, a collation.',
    mend: [renderRebuild(index)],
    figures: { bytes, serverMessage: message },
  };
}

function explainLate(late: readonly BtreeIndex[], timeoutMs: number): string {
  const bytes = late.reduce((sum, index) => sum + index.bytes, 0);
  return (
    `In the ${timeoutMs / 1000} s of the check, ${late.length} of the larger indexes (${renderBytes(bytes)}) were not ` +
    `looked at: ${renderNames(late.map(({ schema, name }) => `${schema}.${name}`))}. A longer time limit, or ` +
    'pg_amcheck at night, reaches them.'
  );
}

async function readBtrees(runner: QueryRunner, schemas: readonly string[]): Promise<BtreeIndex[]> {
  return runner.query(READ_BTREES, [schemas]);
}

// A role that may not use the schema could not even name the function there.
const READ_AMCHECK = `
  select space.nspname as schema,
         has_schema_privilege(space.oid, 'usage') and has_function_privilege(routine.oid, 'execute') as allowed
  from pg_extension extension
  join pg_namespace space on space.oid = extension.extnamespace
  join pg_proc routine
    on routine.pronamespace = space.oid and routine.proname = 'bt_index_check' and routine.pronargs = 2
  where extension.extname = 'amcheck'`;

// Smallest first, so that the time reaches as many as it can. One that is not valid amcheck refuses.
const READ_BTREES = `${WITH_TABLES_LOOKED_AT}
  select class.oid, looked_at.schema, looked_at.name as "table", class.relname as name,
         pg_relation_size(class.oid)::float8 as bytes
  from looked_at
  join pg_index index on index.indrelid = looked_at.oid and index.indisvalid
  join pg_class class on class.oid = index.indexrelid and class.relkind = 'i'
  join pg_am method on method.oid = class.relam and method.amname = 'btree'
  order by pg_relation_size(class.oid), looked_at.schema, class.relname`;
