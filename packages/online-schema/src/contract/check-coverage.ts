import type { DataSource } from 'typeorm';
import type { CoverageReport } from './contract-report';
import { listPromisedIndexes, type QueryContract } from './query-contract';

export interface CoverageOptions {
  /** Indexes that are right without a contract, each with its reason: by name, with the schema where needed. */
  readonly exempt?: Readonly<Record<string, string>>;
}

/**
 * Tells which indexes no contract names, and which names of contracts are no index. What enforces a primary key, a unique
 * or an exclusion constraint needs no contract: it has its purpose. Nor does the part of a partitioned index.
 */
export async function checkCoverage(
  dataSource: DataSource,
  contracts: readonly Pick<QueryContract<never>, 'name' | 'index'>[],
  { exempt = {} }: CoverageOptions = {},
): Promise<CoverageReport> {
  const there: { schema: string; name: string; constrained: boolean }[] =
    await dataSource.query(READ_INDEXES);
  const namesOf = ({ schema, name }: { schema: string; name: string }) => [name, `${schema}.${name}`];
  const known = new Set(there.flatMap(namesOf));
  const named = new Set([...contracts.flatMap(listPromisedIndexes), ...Object.keys(exempt)]);
  const names = contracts.map(({ name }) => name);
  return {
    uncovered: there
      .filter((index) => !index.constrained && !namesOf(index).some((name) => named.has(name)))
      .map(({ schema, name }) => `${schema}.${name}`),
    missing: contracts.flatMap((contract) =>
      listPromisedIndexes(contract)
        .filter((index) => !known.has(index))
        .map((index) => ({ contract: contract.name, index })),
    ),
    repeated: [...new Set(names.filter((name, at) => names.indexOf(name) !== at))],
  };
}

const READ_INDEXES = `
  select space.nspname as schema, class.relname as name,
         exists (select from pg_constraint where conindid = class.oid and contype in ('p', 'u', 'x')) as constrained
  from pg_class class
  join pg_namespace space on space.oid = class.relnamespace
  where class.relkind in ('i', 'I') and not class.relispartition
    and space.nspname <> 'information_schema' and space.nspname not like 'pg\\_%'
  order by 1, 2`;
