import { format } from 'sql-formatter';
import type { IndexDefinition } from '../specification/index-definition';
import type { IndexChange } from './plan-index-changes';
import type { Statement, TableChanges } from './plan-table-changes';
import { renderLiteral } from './render-literal';

/** A migration file, ready to be written. */
export interface MigrationFile {
  readonly fileName: string;
  readonly className: string;
  readonly content: string;
}

export interface MigrationIdentity {
  /** Kebab-case; becomes part of the file's and the class's name. */
  readonly name: string;
  /** Milliseconds since 1970: TypeORM reads the order of migrations from the 13 digits. */
  readonly timestamp: number;
}

const RUNTIME = '@holdfast/online-schema/migration';

/** Indent of the statements in a method's body. */
const ROOT_INDENT = 4;

/** Tables, columns and constraints: one transaction, in both directions. */
export function renderTableMigration(identity: MigrationIdentity, { up, down }: TableChanges): MigrationFile {
  return renderFile(identity, {
    summary: 'Tables, columns and constraints, in one transaction.',
    imports: ['inTransaction'],
    transaction: true,
    up: up.map((statement) => renderQuery(statement, ROOT_INDENT)),
    // TypeORM reverts without a transaction of its own where its migrationsTransactionMode is 'none'.
    down: [
      `await inTransaction(queryRunner, async () => {\n${down
        .map((statement) => `${' '.repeat(ROOT_INDENT + 2)}${renderQuery(statement, ROOT_INDENT + 2)}`)
        .join('\n')}\n${' '.repeat(ROOT_INDENT)}});`,
    ],
  });
}

/** Indexes: each built or dropped CONCURRENTLY in a statement of its own, so none of it in a transaction. */
export function renderIndexMigration(
  identity: MigrationIdentity,
  changes: readonly IndexChange[],
): MigrationFile {
  const up = changes.map((change) =>
    change.kind === 'drop' ? renderDrop(change.previous) : renderEnsure(change.definition),
  );
  const down = changes
    .toReversed()
    .map((change) =>
      change.kind === 'create' ? renderDrop(change.definition) : renderEnsure(change.previous),
    );
  const calls = [...up, ...down].join('\n');
  return renderFile(identity, {
    summary: 'Indexes, built and dropped without blocking writers; each is valid before the next is begun.',
    imports: ['dropIndex', 'ensureIndex'].filter((helper) => calls.includes(`await ${helper}(`)),
    transaction: false,
    up,
    down,
  });
}

interface Parts {
  readonly summary: string;
  readonly imports: readonly string[];
  readonly transaction: boolean;
  readonly up: readonly string[];
  readonly down: readonly string[];
}

function renderFile({ name, timestamp }: MigrationIdentity, parts: Parts): MigrationFile {
  const className = `${pascalCase(name)}${timestamp}`;
  const body = (statements: readonly string[]) =>
    statements.map((statement) => `${' '.repeat(ROOT_INDENT)}${statement}`).join('\n');
  const content = `import { ${parts.imports.join(', ')} } from '${RUNTIME}';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** ${parts.summary} */
export class ${className} implements MigrationInterface {
  readonly name = '${className}';
  readonly transaction = ${parts.transaction};

  async up(queryRunner: QueryRunner): Promise<void> {
${body(parts.up)}
  }

  async down(queryRunner: QueryRunner): Promise<void> {
${body(parts.down)}
  }
}
`;
  return { fileName: `${timestamp}-${name}.ts`, className, content };
}

function renderEnsure(definition: IndexDefinition): string {
  const literal = renderLiteral({ ...definition }, { indent: ROOT_INDENT, spread: true });
  return `await ensureIndex(queryRunner, ${literal});`;
}

function renderDrop({ schema, table, name }: IndexDefinition): string {
  const [before, after] = ['await dropIndex(queryRunner, ', ');'];
  const around = before.length + after.length;
  return `${before}${renderLiteral({ schema, table, name }, { indent: ROOT_INDENT, around })}${after}`;
}

function renderQuery({ query, parameters }: Statement, indent: number): string {
  const values = parameters.length > 0 ? `, ${JSON.stringify(parameters)}` : '';
  // A line break of the statement's own stands in a literal, for all one knows: no byte may be put beside it.
  if (query.includes('\n')) return `await queryRunner.query(\`${escapeTemplate(query)}\`${values});`;
  const sql = escapeTemplate(layOut(query));
  const lines = sql.split('\n');
  const inner = ' '.repeat(indent + 2);
  const text =
    lines.length === 1
      ? `\`${sql}\``
      : `\`\n${lines.map((line) => (line === '' ? '' : `${inner}${line}`)).join('\n')}\n${' '.repeat(indent)}\``;
  return `await queryRunner.query(${text}${values});`;
}

/** The statement over several lines; as it is where the formatter cannot read it, since PostgreSQL may. */
function layOut(query: string): string {
  try {
    return format(query, { language: 'postgresql', tabWidth: 2, keywordCase: 'preserve' });
  } catch {
    return query;
  }
}

function escapeTemplate(sql: string): string {
  // A template literal would turn a carriage return into a line feed.
  return sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${').replaceAll('\r', '\\r');
}

function pascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
}
