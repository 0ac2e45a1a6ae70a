import type { Check, CheckContext, Finding } from '../check';
import { findDuplicates } from '../find-duplicates';
import { findPrefixes } from '../find-prefixes';
import { type ForeignKey, readForeignKeys, servesForeignKey } from '../foreign-keys';
import { renderAge, renderBytes } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { mendByRemoval } from '../render-mend';

const DAY_MS = 24 * 60 * 60 * 1000;

const LIMITS = Object.freeze({
  bytes: 1024 * 1024,
  /** Whatever runs once a week has run by then. */
  countedForMs: 7 * DAY_MS,
});

/**
 * An index that nothing has read since the statistics began. Never one that enforces a rule, is a replica identity, is
 * what CLUSTER sorts by, or alone serves a foreign key; and nothing is said while the counts are young or somebody else may read it: a replica
 * counts for itself.
 */
export const unusedIndex: Check = {
  id: 'unused-index',
  title: 'Index that nothing reads',
  severity: 'notice',
  async run(context) {
    const counted = await readCounts(context);
    const unread = await findUnread(context);
    const doubt = doubtOf(counted, context.now);
    if (doubt !== undefined) {
      const unseen = unread.length === 0 ? [] : [`${renderNames(unread)}: ${doubt}`];
      return { findings: [], unseen, conclusive: false };
    }
    const largestFirst = unread.toSorted((one, other) => other.bytes - one.bytes);
    return { findings: largestFirst.map((index) => toFinding(index, counted, context)), unseen: [] };
  },
};

interface Counts {
  /** When the counts of this database were reset; null: not since it was made, or since a crash, and nobody knows when. */
  readonly since: Date | null;
  /** The earliest moment of which they tell: they go back at least so far. Null: they tell of none. */
  readonly witnessed: Date | null;
  readonly recovering: boolean;
  /** Servers that read by themselves what is written here. */
  readonly replicas: number;
}

async function readCounts({ runner }: CheckContext): Promise<Counts> {
  const [counts]: Counts[] = await runner.query(READ_COUNTS);
  if (counts === undefined) throw new Error('pg_stat_database has no row for the current database');
  return counts;
}

function doubtOf(counted: Counts, now: Date): string | undefined {
  const { since, recovering, replicas } = counted;
  if (recovering) {
    return 'not read on this replica; whether the primary and the other replicas read it, only they can tell.';
  }
  if (replicas > 0) {
    return (
      `not read on this server, but ${replicas} ${replicas === 1 ? 'other follows' : 'others follow'} it, and what ` +
      'those read is counted there: ask each of them as well before dropping anything.'
    );
  }
  const age = ageOf(counted, now);
  if (age < LIMITS.countedForMs) {
    return (
      `not read so far, but the counts are ${since === null ? 'not known to be more than' : 'only'} ${renderAge(age)} old; ` +
      `they tell something after ${renderAge(LIMITS.countedForMs)}.`
    );
  }
  return undefined;
}

/** A database that was restored yesterday may be on a server that counts for years. */
function ageOf({ since, witnessed }: Counts, now: Date): number {
  return now.getTime() - (since ?? witnessed ?? now).getTime();
}

function renderNames(unread: readonly IndexShape[]): string {
  const [first, ...others] = unread.map(({ schema, name }) => `${schema}.${name}`);
  return others.length > 3 ? `${first} and ${others.length} more` : [first, ...others].join(', ');
}

/**
 * What could be dropped all together: of indexes that serve the same foreign key, one is left, and whatever is to take the
 * place of an index that is read.
 */
async function findUnread(context: CheckContext): Promise<IndexShape[]> {
  const { runner, schemas, declaredIndexes, readShapes } = context;
  const shapes = await readShapes();
  const rows: { schema: string; name: string }[] = await runner.query(READ_UNREAD, [schemas]);
  const isUnread = (index: IndexShape) =>
    rows.some(({ schema, name }) => schema === index.schema && name === index.name);
  const declared = new Set(declaredIndexes.map(({ name }) => name));
  const successors = [...findDuplicates(shapes, declared), ...findPrefixes(shapes, declared)]
    .filter(({ surplus }) => !isUnread(surplus))
    .map(({ kept }) => kept);
  const candidates = shapes.filter(
    (index) =>
      isUnread(index) &&
      index.valid &&
      !index.attached &&
      !index.unique &&
      index.constraint === null &&
      !index.replicaIdentity &&
      !index.clustered &&
      index.bytes >= LIMITS.bytes &&
      !successors.includes(index),
  );
  const keys = candidates.length === 0 ? [] : await readForeignKeys(runner, schemas);
  const unread: IndexShape[] = [];
  for (const index of candidates) {
    const others = shapes.filter((other) => other !== index && !unread.includes(other));
    if (!(await isNeededByForeignKey(index, others, keys, { runner }))) unread.push(index);
  }
  return unread;
}

/** Dropping it would leave a foreign key without an index; a parent that is never deleted from leaves it at zero. */
async function isNeededByForeignKey(
  index: IndexShape,
  others: readonly IndexShape[],
  keys: readonly ForeignKey[],
  { runner }: Pick<CheckContext, 'runner'>,
): Promise<boolean> {
  for (const key of keys) {
    if ((await servesForeignKey(runner, index, key)) === false) continue;
    let served = false;
    for (const other of others) served ||= (await servesForeignKey(runner, other, key)) === true;
    if (!served) return true;
  }
  return false;
}

function toFinding(index: IndexShape, counted: Counts, { now, declarations }: CheckContext): Finding {
  const age = ageOf(counted, now);
  const isLeast = counted.since === null;
  return {
    object: `${index.schema}.${index.name}`,
    subject: { schema: index.schema, table: index.table, index: index.name },
    message:
      `Not read in the ${renderAge(age)} that the counts go back${isLeast ? ' at least' : ''}, or since it was built if that ` +
      `was later, which nobody has written down; it takes ${renderBytes(index.bytes)} and part of every write to ` +
      `${index.table}.`,
    ...mendByRemoval(index, declarations),
    figures: { bytes: index.bytes, scans: 0, countedForMs: age, neverReset: isLeast },
  };
}

// The counts of shared catalogs are those of all databases; last_seq_scan and last_idx_scan there are since 16.
// A logical subscriber takes changes and reads no index here, unlike a replica; without a slot, nobody knows what it is.
const READ_COUNTS = `
  select
    (select stats_reset from pg_stat_database where datname = current_database()) as since,
    (
      select min(moment::timestamptz)
      from pg_stat_all_tables counted
      join pg_class class on class.oid = counted.relid and not class.relisshared
      cross join jsonb_each_text(to_jsonb(counted)) as fact (name, moment)
      where fact.name like 'last%'
    ) as witnessed,
    pg_is_in_recovery() as recovering,
    (
      select count(*)::integer
      from pg_stat_replication sender
      where not exists (
        select from pg_replication_slots slot where slot.slot_type = 'logical' and slot.active_pid = sender.pid
      )
    ) as replicas`;

const READ_UNREAD = `
  select schemaname as schema, indexrelname as name
  from pg_stat_all_indexes
  where schemaname = any ($1) and idx_scan = 0`;
