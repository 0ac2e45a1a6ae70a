import pg, { type ClientBase } from 'pg';

/**
 * A stretch of a cluster's history under one primary. Each promotion begins the next one, so of two primaries the one on
 * the higher timeline has taken the place of the other.
 */
export interface Timeline {
  /** Names the cluster; the same on all its members. */
  readonly system: string;
  readonly number: number;
}

/**
 * Asks a primary for its timeline; undefined where it does not tell, as some hosted servers do not.
 * @throws when the connection breaks.
 */
export async function readTimeline(client: ClientBase): Promise<Timeline | undefined> {
  try {
    const { rows } = await client.query<Timeline>(`
      SELECT (SELECT system_identifier::text FROM pg_control_system()) AS "system",
             ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS "number"
    `);
    return rows[0];
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.severity === 'ERROR') return undefined;
    throw error;
  }
}

/** The newest timelines that were seen, and so which primaries are former ones. */
export class NewestTimelines {
  readonly #numbers = new Map<string, number>();

  note({ system, number }: Timeline): void {
    this.#numbers.set(system, Math.max(number, this.#numbers.get(system) ?? 0));
  }

  /** `over`: another primary has taken the place of the one on it. Undefined when nothing is known of its cluster. */
  compare({ system, number }: Timeline): 'over' | 'current' | 'newer' | undefined {
    const newest = this.#numbers.get(system);
    if (newest === undefined) return undefined;
    if (number === newest) return 'current';
    return number < newest ? 'over' : 'newer';
  }
}
