import type { DataSource } from 'typeorm';
import type { CheckId } from '../doctor/check-id';
import { isWholeIdentifier } from '../specification/identifier';
import { AcceptDeclarationError } from './accept-declaration-error';
import { problemOfAcceptance } from './acceptance';

/** Which finding is accepted, about something that no entity's class can tell of, and why. Names as in the catalog, unquoted. */
export interface FindingAcceptance {
  readonly check: CheckId;
  /** Why it is right as it is: the report shows it beside the finding. Must not be empty. */
  readonly reason: string;
  /** Default: whichever of the schemas that are looked at has it. */
  readonly schema?: string;
  /** The table that the finding is about, or whose columns or index it is about. May be left out where `name` is given. */
  readonly table?: string;
  /** Of the index, constraint or sequence that the finding is about. */
  readonly name?: string;
  /** For a finding about columns of `table`: all of them. */
  readonly columns?: readonly string[];
}

// Keyed by DataSource, so that one that is garbage-collected takes along what it accepts.
const accepted = new WeakMap<DataSource, readonly FindingAcceptance[]>();

/**
 * Accepts findings of the doctor about what has no class to decorate: an index that TypeORM makes for a join table, a
 * table without entity, an entity that is an `EntitySchema`. They are listed apart, with the reason, and do not count.
 * What is accepted for the DataSource before stays so; what is no longer found is reported as stale.
 *
 * @throws AcceptDeclarationError for an unknown check, an empty reason, or one that says of nothing what it is about.
 * @example
 * acceptFindings(dataSource, [
 *   { check: 'prefix-redundant', name: 'IDX_5e7c2f6b9d0a4c1e8f3b7a6d2c', reason: 'TypeORM makes it for the join table' },
 * ]);
 */
export function acceptFindings(dataSource: DataSource, findings: readonly FindingAcceptance[]): void {
  for (const { check, reason, table, name, columns } of findings) {
    const problem =
      problemOfAcceptance(check, reason) ??
      problemOfPlace({ table, name, columns }) ??
      [table, name, ...(columns ?? [])].map(problemOfName).find((one) => one !== undefined);
    if (problem !== undefined) throw new AcceptDeclarationError(undefined, check, problem);
  }
  accepted.set(dataSource, [...acceptedFindingsOf(dataSource), ...findings]);
}

/** What is accepted for the DataSource beside its entities. */
export function acceptedFindingsOf(dataSource: DataSource): readonly FindingAcceptance[] {
  return accepted.get(dataSource) ?? [];
}

type Place = { readonly [K in 'table' | 'name' | 'columns']: FindingAcceptance[K] | undefined };

/** One that names nothing would accept whatever the check ever finds. */
function problemOfPlace({ table, name, columns }: Place): string | undefined {
  if (table === undefined && name === undefined) return 'neither a table nor a name is given';
  if (columns === undefined) return undefined;
  if (name !== undefined) return 'columns and name exclude each other';
  return columns.length === 0 ? 'an empty list of columns' : undefined;
}

function problemOfName(name: string | undefined): string | undefined {
  if (name === undefined || isWholeIdentifier(name)) return undefined;
  return `PostgreSQL has no name like ${JSON.stringify(name)}`;
}
