import { CatalogError } from '../../catalog/catalog-error';
import type { DriftFinding, DriftKind } from '../../drift/drift-report';
import { findDrift } from '../../drift/find-drift';
import { MigrationError } from '../../migration/migration-error';
import type { Check, Finding, Severity, Subject } from '../check';
import { CheckRefusedError } from '../check-refused-error';

/** What another check reports under its own name, with what it costs. */
const REPORTED_ELSEWHERE: readonly DriftKind[] = ['invalid', 'not-ready', 'remains'];

/** Whatever differs between the entities and the database, as `holdfast drift` finds it. */
export const drift: Check = {
  id: 'drift',
  title: 'Database that is not as declared',
  severity: 'warning',
  // It builds empty temporary clones, for which a read-only transaction has no place.
  ownSession: true,
  async run({ dataSource }) {
    const columns = new Set(
      dataSource.entityMetadatas.flatMap(({ tableName, columns: own }) =>
        own.map(({ databaseName }) => `${tableName}.${databaseName}`),
      ),
    );
    try {
      const { findings } = await findDrift(dataSource);
      const different = findings.filter(({ kind }) => !REPORTED_ELSEWHERE.includes(kind));
      return {
        findings: different
          .filter(({ kind }) => kind !== 'building')
          .map((finding) => toFinding(finding, columns)),
        unseen: different.filter(({ kind }) => kind === 'building').map(({ reason }) => reason),
      };
    } catch (error) {
      throw isMissingPrivilege(error) ? new CheckRefusedError(`${error.message}.`, { cause: error }) : error;
    }
  },
};

/** Both say what to grant. */
function isMissingPrivilege(error: unknown): error is Error {
  if (error instanceof MigrationError) return error.code === 'HOLDFAST_TEMP_PRIVILEGE_MISSING';
  return error instanceof CatalogError;
}

const SEVERITY_BY_KIND: Partial<Record<DriftKind, Severity>> = { undeclared: 'notice' };

function toFinding(finding: DriftFinding, columns: ReadonlySet<string>): Finding {
  const { kind, schema, table, name, reason, mend, differences } = finding;
  const severity = SEVERITY_BY_KIND[kind];
  const what = kind === 'table' && name !== table ? `${table}.${name}` : name;
  return {
    object: `${schema}.${what}`,
    subject: subjectOf(finding, columns),
    message: asSentence(reason),
    mend,
    figures: { kind, differences: differences.map(({ aspect }) => aspect).join(', ') },
    ...(severity && { severity }),
  };
}

/** Drift is told in clauses, which stand behind a name there. */
function asSentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${/[.!?]$/.test(reason) ? '' : '.'}`;
}

/** What no entity declares as a column is accepted by its name alone. */
function subjectOf({ kind, schema, table, name }: DriftFinding, columns: ReadonlySet<string>): Subject {
  if (kind === 'table' && name === table) return { schema, table };
  if (kind === 'table' && columns.has(`${table}.${name}`)) return { schema, table, columns: [name] };
  return { schema, table, index: name };
}
