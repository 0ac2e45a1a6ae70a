import { EVERYTHING } from './functions';
import { TABLES } from './roles';

/**
 * Asked once for a statement, as a sub-query, in a form of which the planner makes nothing: no index condition beside those of
 * the question, and no estimate that hardly a row will be left, for which it would sort instead of following an index. Written with IN, the sub-query
 * would stand in the plan, and be run, once for each of the two.
 */
const ofTenant = (column: string) =>
  unnoticed(`(select tenancy.tenant()) = any (array[${column}, '${EVERYTHING}'])`);
const unnoticed = (condition: string) => `coalesce(${condition}, false) is distinct from false`;
const OPERATOR = `(select tenancy.tenant()) = '${EVERYTHING}'`;
const HOLDER = '(select tenancy.holder())';

interface Policy {
  readonly select: string;
  readonly insert?: string;
  readonly update?: string;
  readonly delete?: string;
}

/**
 * What the application's role may do with the rows of a table. A row that is changed stays whose it was, since the role may
 * not write the columns that say so: nothing need be asked of it after the change.
 */
const OF_APPLICATION: Readonly<Record<string, Policy>> = {
  organizations: {
    select: ofTenant('id'),
    insert: OPERATOR,
    update: ofTenant('id'),
    delete: OPERATOR,
  },
  users: {
    select: unnoticed(`${OPERATOR} or id = ${HOLDER} or tenancy.is_member(id)`),
    insert: OPERATOR,
    update: `${OPERATOR} or id = ${HOLDER}`,
    delete: OPERATOR,
  },
  user_organizations: {
    select: `${ofTenant('organization_id')} or ${unnoticed(`user_id = ${HOLDER}`)}`,
    insert: ofTenant('organization_id'),
    update: ofTenant('organization_id'),
    delete: ofTenant('organization_id'),
  },
  events: { select: ofTenant('organization_id'), insert: ofTenant('organization_id') },
  api_keys: {
    select: ofTenant('organization_id'),
    // For its holder alone: another one's key would see where else they belong, change who they are, and accept for them.
    insert: `${OPERATOR} or ${ofTenant('organization_id')} and user_id = ${HOLDER}`,
    update: ofTenant('organization_id'),
    delete: ofTenant('organization_id'),
  },
};

function renderPolicies([table, policy]: [string, Policy]): string[] {
  const create = (command: keyof Policy, condition: string | undefined, clauses: string) =>
    condition === undefined
      ? []
      : [`create policy app_${command} on public.${table} for ${command} to holdfast_app ${clauses}`];
  return [
    ...create('select', policy.select, `using (${policy.select})`),
    ...create('insert', policy.insert, `with check (${policy.insert})`),
    ...create('update', policy.update, `using (${policy.update}) with check (true)`),
    ...create('delete', policy.delete, `using (${policy.delete})`),
  ];
}

export const POLICIES = [
  ...TABLES.map((table) => `alter table public.${table} enable row level security`),
  ...TABLES.map(
    (table) => `create policy read_all on public.${table} for select to holdfast_read using (true)`,
  ),
  ...Object.entries(OF_APPLICATION).flatMap(renderPolicies),
  `create policy app_all on public.idempotency_keys for all to holdfast_app
   using (scope = (select tenancy.tenant())::text)`,
  ...['events', 'event_leases'].map(
    (table) => `create policy work_all on public.${table} for all to holdfast_worker using (true)`,
  ),
  ...['organizations', 'users', 'user_organizations', 'api_keys'].map(
    (table) => `create policy work_read on public.${table} for select to holdfast_worker using (true)`,
  ),
];
