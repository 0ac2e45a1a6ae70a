/** Which part of a body each unique index and foreign key speaks about. */
const FIELDS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  idx_organizations_domain: ['body.domain'],
  idx_organizations_external_id: ['body.externalId'],
  idx_users_email_lower: ['body.email'],
  idx_users_external_id: ['body.externalId'],
  idx_user_orgs_user_status: ['body.userId', 'body.organizationId'],
  user_organizations_user_id_fkey: ['body.userId'],
  user_organizations_organization_id_fkey: ['body.organizationId'],
  api_keys_user_id_fkey: ['body.userId'],
  api_keys_organization_id_fkey: ['body.organizationId'],
});

/** The indexes and foreign keys that are spoken of. */
export const KNOWN_CONSTRAINTS: readonly string[] = Object.keys(FIELDS);

/** The parts of the body that an index or constraint of the database speaks about; none for one that is not known. */
export function fieldsOfConstraint(constraint: string): readonly string[] {
  return Object.hasOwn(FIELDS, constraint) ? (FIELDS[constraint] ?? []) : [];
}
