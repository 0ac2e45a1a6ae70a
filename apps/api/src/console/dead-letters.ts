import type { QueryRunner } from 'typeorm';

/** Events that no worker has handled yet, and those that none will. */
export interface EventLag {
  /** At most `MOST_COUNTED`. */
  readonly waiting: number;
  readonly isMore: boolean;
  /** Dead letters; at most `MOST_COUNTED`. */
  readonly dead: number;
  readonly isMoreDead: boolean;
  /** Age of the oldest by the server's clock, in ms; null when none waits. */
  readonly oldestAgeMs: number | null;
}

/** An event that was tried too often and is not handed out any more. */
export interface DeadLetter {
  readonly id: string;
  readonly eventType: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly attempts: number;
  readonly lastError: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
}

const MOST_COUNTED = 10_000;
const MOST_LISTED = 50;
const MAX_ERROR_LENGTH = 300;

/**
 * Counting what policies hide would tell of calm where there is none.
 * @throws Error when this role does not see the events of all organizations.
 */
async function requireSight(runner: QueryRunner): Promise<void> {
  const [{ role, sees }] = await runner.query(
    `select current_user as role,
       not row_security_active('events') or pg_has_role('holdfast_read', 'usage') as sees`,
  );
  if (!sees) throw new Error(`Role ${role} is not a member of holdfast_read: set OPERATIONS_DATABASE_URL`);
}

/** Reads how many events wait and for how long, and how many are dead letters. Indexes: idx_events_unprocessed, idx_events_dead_letters. */
export async function readEventLag(runner: QueryRunner): Promise<EventLag> {
  await requireSight(runner);
  const [row]: [{ waiting: number; age: number | null; dead: number }] = await runner.query(
    `select count(*)::int as waiting,
       (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as age,
       (
         select count(*)::int
         from (select from events where processed = false and retry_count >= 5 limit $1) as dead
       ) as dead
     from (
       select created_at from events
       where processed = false and retry_count < 5
       order by created_at
       limit $1
     ) as waiting`,
    [MOST_COUNTED + 1],
  );
  const { waiting, age, dead } = row;
  return {
    waiting: Math.min(waiting, MOST_COUNTED),
    isMore: waiting > MOST_COUNTED,
    dead: Math.min(dead, MOST_COUNTED),
    isMoreDead: dead > MOST_COUNTED,
    oldestAgeMs: age === null ? null : Math.max(0, Math.round(age)),
  };
}

/** Reads the latest dead letters. Index: idx_events_dead_letters. */
export async function readDeadLetters(runner: QueryRunner): Promise<readonly DeadLetter[]> {
  await requireSight(runner);
  const rows: (Omit<DeadLetter, 'createdAt'> & { createdAt: Date })[] = await runner.query(
    `select id, event_type as "eventType", aggregate_type as "aggregateType", aggregate_id as "aggregateId",
       retry_count as attempts, left(last_error, $1) as "lastError", created_at as "createdAt"
     from events
     where processed = false and retry_count >= 5
     order by created_at desc, global_position desc
     limit $2`,
    [MAX_ERROR_LENGTH, MOST_LISTED],
  );
  return rows.map(({ createdAt, ...letter }) => ({ ...letter, createdAt: createdAt.toISOString() }));
}
