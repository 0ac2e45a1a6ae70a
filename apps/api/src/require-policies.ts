import type { Environment } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import type { DataSource } from 'typeorm';

/** The role of the service is bound by no policies, or by none that keep organizations apart. */
class PoliciesNotHeldError extends Error {
  override readonly name = 'PoliciesNotHeldError';
  readonly code = 'HOLDFAST_POLICIES_NOT_HELD';

  constructor(readonly role: string) {
    super(
      `the policies of the database do not hold for ${role}, the role in DATABASE_URL, so that organizations would see each other: ` +
        'it must be a login of holdfast_app alone (deploy/roles.sql)',
    );
  }
}

/** Where clients are real. */
const STRICT: ReadonlySet<Environment> = new Set<Environment>(['staging', 'production']);

/**
 * Nothing but the policies keeps organizations apart: in staging and production the service is not started with a role that they do
 * not hold for; elsewhere that is logged.
 *
 * @throws PoliciesNotHeldError
 */
export async function requirePolicies(
  dataSource: DataSource,
  { environment, logger }: { readonly environment: Environment; readonly logger: Logger },
): Promise<void> {
  const [{ role, isHeld }] = await dataSource.query<[{ role: string; isHeld: boolean }]>(READ_ROLE);
  if (isHeld) return;
  if (STRICT.has(environment)) throw new PoliciesNotHeldError(role);
  logger.warn('The policies of the database do not hold for the role of the service', { role });
}

/** Before the migrations there is nothing to see. Those who hand out events, and those who only look, see all of it. */
const READ_ROLE = `
  select
    current_user as role,
    coalesce(row_security_active(to_regclass('public.events')), true)
      and not exists (
        select from pg_roles
        where rolname in ('holdfast_worker', 'holdfast_read') and pg_has_role(oid, 'usage')
      ) as "isHeld"`;
