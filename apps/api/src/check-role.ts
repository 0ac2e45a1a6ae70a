import type { Environment } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import type { DataSource } from 'typeorm';

/** What a login must be a member of; docs/tenancy.md says what each may. */
const GROUP_ROLES = ['holdfast_app', 'holdfast_worker', 'holdfast_read'] as const;
type GroupRole = (typeof GROUP_ROLES)[number];

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

/** The role of the service is bound by no policies, or by none that keep organizations apart. */
class PoliciesNotHeldError extends Error {
  override readonly name = 'PoliciesNotHeldError';
  readonly code = 'HOLDFAST_POLICIES_NOT_HELD';

  constructor(
    readonly role: string,
    /** Those whose policies hold for nobody. */
    readonly tables: readonly string[],
  ) {
    super(
      `the policies of the database do not hold for ${role}, the role in DATABASE_URL, so that organizations would see each other: ` +
        'it must be a login of holdfast_app alone (deploy/roles.sql)' +
        (tables.length === 0 ? '' : `, and row-level security be enabled on ${tables.join(', ')}`),
    );
  }
}

/** Where clients are real. */
const STRICT: ReadonlySet<Environment> = new Set<Environment>(['staging', 'production']);

/**
 * The service may do what requests need, and the policies keep organizations apart, which nothing else does: in staging and production
 * the service is not started with a role that they do not hold for; elsewhere that is logged.
 *
 * @returns whether they hold.
 * @throws UnfitDatabaseError, PoliciesNotHeldError
 */
export async function requireServiceRole(
  dataSource: DataSource,
  { environment, logger }: { readonly environment: Environment; readonly logger: Logger },
): Promise<boolean> {
  const facts = await readFacts(dataSource);
  requireFit(facts, 'holdfast_app');
  const { role, isBoundForKeys, unbound, groups } = facts;
  // Those who hand out events, and those who only look, see all of them.
  const isKeptApart =
    unbound.length === 0 && !groups.includes('holdfast_worker') && !groups.includes('holdfast_read');
  if (isKeptApart) return true;
  if (STRICT.has(environment)) throw new PoliciesNotHeldError(role, isBoundForKeys ? unbound : []);
  logger.warn('The policies of the database do not hold for the role of the service', { role });
  return false;
}

/** The worker sees the events of all organizations. @throws UnfitDatabaseError */
export async function requireWorkerRole(dataSource: DataSource): Promise<void> {
  requireFit(await readFacts(dataSource), 'holdfast_worker');
}

/** Says in the log what the console cannot show or do as this role; the service works without it. */
export async function warnOfLacks(dataSource: DataSource, logger: Logger): Promise<void> {
  const facts = await readFacts(dataSource);
  const lacks = GROUP_ROLES.filter((group) => isLacking(facts, group));
  if (lacks.length === 0) return;
  logger.warn('The console cannot show or replay everything as this role: set OPERATIONS_DATABASE_URL', {
    role: facts.role,
    lacks,
  });
}

/**
 * Without that a service would answer every request with 500, and a worker would see no event and seem to have done them all.
 * @throws UnfitDatabaseError
 */
function requireFit(facts: RoleFacts, needed: GroupRole): void {
  const { role, database, isMigrated } = facts;
  if (!isMigrated) {
    throw new UnfitDatabaseError(
      'HOLDFAST_NOT_MIGRATED',
      `Database "${database}" is not migrated. Run the migrations first: npm run migrate, or holdfast migrate`,
    );
  }
  if (!isLacking(facts, needed)) return;
  throw new UnfitDatabaseError(
    'HOLDFAST_ROLE_UNFIT',
    `Role "${role}" is not a member of ${needed} in database "${database}". Name the login that is for this process in DATABASE_URL, ` +
      `or make it one with deploy/roles.sql`,
  );
}

/** A role that policies do not hold for may do everything. */
function isLacking({ isBoundForKeys, groups }: RoleFacts, group: GroupRole): boolean {
  return isBoundForKeys === true && !groups.includes(group);
}

interface RoleFacts {
  readonly role: string;
  readonly database: string;
  /** As far as to policies that know scopes. */
  readonly isMigrated: boolean;
  /** Whether policies hold for it; null before the migrations. */
  readonly isBoundForKeys: boolean | null;
  /** Tables on which they do not. */
  readonly unbound: readonly string[];
  /** What it is a member of. */
  readonly groups: readonly GroupRole[];
}

async function readFacts(dataSource: DataSource): Promise<RoleFacts> {
  const [facts]: [RoleFacts] = await dataSource.query(
    `select
       current_user as role,
       current_database() as database,
       to_regclass('api_keys') is not null and exists (
         select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname = 'tenancy' and p.proname = 'tenant' and p.prosrc like '%v_scope%'
       ) as "isMigrated",
       row_security_active(to_regclass('api_keys')) as "isBoundForKeys",
       array(
         select name from unnest($2::text[]) as name
         where not coalesce(row_security_active(to_regclass(quote_ident(name))), false)
       ) as unbound,
       array(
         select rolname::text from pg_roles where rolname = any ($1::text[]) and pg_has_role(oid, 'usage')
       ) as groups`,
    [GROUP_ROLES, dataSource.entityMetadatas.map(({ tableName }) => tableName)],
  );
  return facts;
}
