import { quoteIdentifier, quoteQualified } from '../../specification/identifier';
import type { Check } from '../check';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

interface UnprovenConstraint {
  readonly schema: string;
  /** Null for a domain's. */
  readonly table: string | null;
  readonly domain: string | null;
  readonly name: string;
  readonly kind: 'f' | 'c' | 'n';
  readonly columns: readonly string[];
}

const KINDS = {
  f: 'foreign key',
  c: 'check',
  n: 'NOT NULL constraint',
} satisfies Record<UnprovenConstraint['kind'], string>;

/**
 * A constraint that holds for what is written from now on, and of which nobody has shown that it holds for what was
 * there. One that is NOT ENFORCED (18) promises nothing, and is left alone.
 */
export const constraintNotValid: Check = {
  id: 'constraint-not-valid',
  title: 'Constraint that was never validated',
  severity: 'warning',
  async run({ runner, schemas }) {
    const constraints: UnprovenConstraint[] = await runner.query(READ_CONSTRAINTS, [schemas]);
    return {
      findings: constraints.map(({ schema, table, domain, name, kind, columns }) => ({
        object: `${schema}.${table ?? domain}.${name}`,
        subject: { schema, index: name, ...(table !== null && { table }) },
        message:
          `The ${KINDS[kind]} was added NOT VALID and never validated: rows from before may break it, and the planner ` +
          'cannot rely on it. VALIDATE reads the rows while writers go on, and names the constraint if one breaks it.',
        mend: [
          `ALTER ${table === null ? 'DOMAIN' : 'TABLE'} ${quoteQualified(schema, table ?? domain ?? '')} ` +
            `VALIDATE CONSTRAINT ${quoteIdentifier(name)}`,
        ],
        figures: { constraint: name, kind: KINDS[kind], columns: columns.join(', ') },
      })),
      unseen: [],
    };
  },
};

// Validating the parent's constraint validates those of its partitions and children, which are left out. What is not
// enforced is never valid; before 18, pg_constraint has no conenforced and everything is enforced.
const READ_CONSTRAINTS = `${WITH_TABLES_LOOKED_AT}
  select coalesce(looked_at.schema, space.nspname) as schema, looked_at.name as "table", domain.typname as domain,
         unproven.conname as name, unproven.contype as kind,
         array(
           select attribute.attname::text
           from unnest(unproven.conkey) with ordinality as key (number, place)
           join pg_attribute attribute on attribute.attrelid = unproven.conrelid and attribute.attnum = key.number
           order by key.place
         ) as columns
  from pg_constraint unproven
  left join looked_at on looked_at.oid = unproven.conrelid
  left join pg_type domain on domain.oid = unproven.contypid
  left join pg_namespace space on space.oid = domain.typnamespace
  where not unproven.convalidated and unproven.contype in ('f', 'c', 'n')
    and coalesce((to_jsonb(unproven) ->> 'conenforced')::boolean, true)
    and unproven.conparentid = 0 and unproven.coninhcount = 0
    and (looked_at.oid is not null or space.nspname = any ($1))
  order by 1, 2, 3, 4`;
