import type { Logger } from '@holdfast/observability';
import type { DataSource } from 'typeorm';

/** What a login must be a member of; docs/tenancy.md says what each may. */
type GroupRole = 'holdfast_app' | 'holdfast_worker' | 'holdfast_read';

/** The process cannot do its work with this database, or as this role, until somebody has done what the message says. */
class UnfitDatabaseError extends Error {
  override readonly name = 'UnfitDatabaseError';

  constructor(
    readonly code: 'HOLDFAST_NOT_MIGRATED' | 'HOLDFAST_ROLE_UNFIT',
    message: string,
  ) {
    super(message);
  }
}

interface RoleFacts {
  readonly role: string;
  readonly database: string;
  readonly isMigrated: boolean;
  readonly policiesHold: boolean | null;
  readonly lacks: readonly GroupRole[];
}

/**
 * The database is migrated, and the role is a member of what the process works as: without that a service would answer
 * every request with 500, and a worker would see no event and seem to have done them all. A role that policies do not hold for may
 * do everything.
 *
 * @throws UnfitDatabaseError
 */
export async function requireRole(dataSource: DataSource, needed: GroupRole): Promise<void> {
  const { role, database, isMigrated, policiesHold, lacks } = await readFacts(dataSource, [needed]);
  if (!isMigrated) {
    throw new UnfitDatabaseError(
      'HOLDFAST_NOT_MIGRATED',
      `Database "${database}" is not migrated. Run the migrations first: npm run migrate, or holdfast migrate`,
    );
  }
  if (policiesHold !== true || lacks.length === 0) return;
  throw new UnfitDatabaseError(
    'HOLDFAST_ROLE_UNFIT',
    `Role "${role}" is not a member of ${needed} in database "${database}". Name the login that is for this process in DATABASE_URL, ` +
      `or make it one with deploy/roles.sql`,
  );
}

/** Says in the log what the console cannot show or do as this role; the service works without it. */
export async function warnOfLacks(dataSource: DataSource, logger: Logger): Promise<void> {
  const { role, policiesHold, lacks } = await readFacts(dataSource, [
    'holdfast_app',
    'holdfast_worker',
    'holdfast_read',
  ]);
  if (policiesHold !== true || lacks.length === 0) return;
  logger.warn('The console cannot show or replay everything as this role: set OPERATIONS_DATABASE_URL', {
    role,
    lacks,
  });
}

async function readFacts(dataSource: DataSource, needed: readonly GroupRole[]): Promise<RoleFacts> {
  const [facts]: [RoleFacts] = await dataSource.query(
    `select
       current_user as role,
       current_database() as database,
       to_regnamespace('tenancy') is not null and to_regclass('api_keys') is not null as "isMigrated",
       row_security_active(to_regclass('api_keys')) as "policiesHold",
       array(
         select needed.name
         from unnest($1::text[]) with ordinality as needed(name, at)
         left join pg_roles role on role.rolname = needed.name
         where role.oid is null or not pg_has_role(role.oid, 'usage')
         order by needed.at
       ) as lacks`,
    [needed],
  );
  return facts;
}
