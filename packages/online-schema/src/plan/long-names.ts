import type { DataSource, EntityMetadata } from 'typeorm';
import { isWholeIdentifier, MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import { tablesOf } from '../specification/read-entity-indexes';
import type { PlannedChange } from './planned-change';
import { refuse } from './refuse';

/**
 * Refuses every declared name that PostgreSQL would cut: under the name that is left, nobody finds what was made, and the
 * next plan makes it again, or renames a column for ever.
 */
export function refuseLongNames(dataSource: DataSource): PlannedChange[] {
  const names = new Map<string, string>();
  for (const metadata of tablesOf(dataSource)) {
    for (const [what, name] of namesOf(metadata)) if (!isWholeIdentifier(name)) names.set(name, what);
  }
  return [...names].map(([name, what]) =>
    refuse(name, [
      {
        id: 'name-too-long',
        target: name,
        verdict: 'never',
        message: `the name of ${what} ${name} has ${Buffer.byteLength(name)} bytes, of which PostgreSQL keeps ${MAX_IDENTIFIER_BYTES}`,
        instead: 'declare a shorter name',
      },
    ]),
  );
}

function namesOf(metadata: EntityMetadata): (readonly [string, string])[] {
  const { tableName, columns, checks, uniques, exclusions, foreignKeys } = metadata;
  const of =
    (what: string) =>
    ({ name }: { readonly name?: string | undefined }) =>
      [`${what} of ${tableName}`, name ?? 'unnamed'] as const;
  return [
    ['table', tableName],
    ...columns
      .filter(({ isVirtualProperty }) => !isVirtualProperty)
      .map(({ databaseName }) => [`column of ${tableName}`, databaseName] as const),
    ...checks.map(of('check')),
    ...uniques.map(of('unique constraint')),
    ...exclusions.map(of('exclusion constraint')),
    ...foreignKeys.map(of('foreign key')),
  ];
}
