import type { EntryRow } from '../layer';

/** The statements that somebody writes by hand, for node-postgres and for `query()` of TypeORM. */
const USER = `users.id, users.email, users.name, users.status, users.login_count as "loginCount", users.balance,
  users.created_at as "createdAt", users.updated_at as "updatedAt"`;
const EVENT = 'id, aggregate_id as "aggregateId", version, type, occurred_at as "occurredAt", payload';
const ENTRY = 'id, user_id as "userId", amount, note, status, created_at as "createdAt"';

export const SQL = Object.freeze({
  userById: `select ${USER} from users where id = $1`,
  userByEmail: `select ${USER} from users where lower(email) = lower($1)`,
  events: `select ${EVENT} from events where aggregate_id = $1 and version > $2 order by version limit 50`,
  members: `select memberships.id as "membershipId", organization_id as "organizationId", role, joined_at as "joinedAt", ${USER}
    from memberships join users on users.id = memberships.user_id
    where organization_id = $1 order by memberships.id`,
  usersSince: `select ${USER} from users where created_at >= $1 order by created_at limit 1000`,
  insertEntry: `insert into entries (user_id, amount, note, created_at) values ($1, $2, $3, $4) returning ${ENTRY}`,
  insertEntries: `insert into entries (user_id, amount, note, created_at)
    select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[])`,
  updateUser: 'update users set login_count = $2 where id = $1',
  lockUser: 'select balance from users where id = $1 for update',
  updateBalance: 'update users set balance = $2 where id = $1',
  bookEntry: 'insert into entries (user_id, amount, note, created_at) values ($1, $2, $3, $4)',
});

export function listEntryValues({ userId, amount, note, createdAt }: EntryRow): unknown[] {
  return [userId, amount, note, createdAt];
}

/** A list for each column. */
export function listEntryColumns(rows: readonly EntryRow[]): unknown[][] {
  return [
    rows.map(({ userId }) => userId),
    rows.map(({ amount }) => amount),
    rows.map(({ note }) => note),
    rows.map(({ createdAt }) => createdAt),
  ];
}

export function addAmounts(balance: string, amount: string): string {
  return String(BigInt(balance) + BigInt(amount));
}

interface MemberRow {
  readonly membershipId: string;
  readonly organizationId: string;
  readonly role: string;
  readonly joinedAt: Date;
  readonly id: string;
}

/** The user's columns become an object inside. */
export function nestUser({ membershipId, organizationId, role, joinedAt, ...user }: MemberRow): object {
  return { id: membershipId, organizationId, role, joinedAt, user };
}
