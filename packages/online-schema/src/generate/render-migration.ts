import { format } from 'sql-formatter';
import type { MigrationCall, PlannedChange, Stage } from '../plan/planned-change';
import { wrapText } from '../text/wrap-text';
import { renderLiteral, WIDTH } from './render-literal';
import type { Statement } from './table-operation';

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

/** What a stage of the changes is written as. */
const STAGE_FILES: Readonly<Record<Stage, { readonly suffix: string; readonly summary: string }>> = {
  'drop indexes': {
    suffix: '-drop-indexes',
    summary: 'Indexes whose columns go, dropped without blocking writers.',
  },
  prepare: {
    suffix: '-prepare',
    summary: 'What must be gone or there before the tables change, each step in an instant.',
  },
  tables: { suffix: '', summary: 'Tables, columns and constraints, in one transaction.' },
  rewrites: { suffix: '-rewrite', summary: 'A table is written anew, in a transaction of its own.' },
  constraints: {
    suffix: '-constraints',
    summary: 'What reads or writes every row, step by step, without blocking writers.',
  },
  indexes: {
    suffix: '-indexes',
    summary: 'Indexes, built and dropped without blocking writers; each is valid before the next is begun.',
  },
  references: {
    suffix: '-references',
    summary: 'Foreign keys to what an index has made unique, step by step, without blocking writers.',
  },
};

/**
 * The migration of one stage: what locks readers out is in one transaction, all others outside of any, in both
 * directions. Several of one stage are numbered.
 */
export function renderMigration(
  { name, timestamp }: MigrationIdentity,
  stage: Stage,
  changes: readonly PlannedChange[],
  number = 1,
): MigrationFile {
  const { suffix, summary } = STAGE_FILES[stage];
  const up = changes.flatMap((change) => change.up);
  const down = changes.toReversed().flatMap((change) => change.down);
  const names = [...up, ...down].flatMap((call) => (call.kind === 'recipe' ? [call.name] : []));
  const transaction = stage === 'tables' || stage === 'rewrites';
  return renderFile(
    { name: `${name}${suffix}${number > 1 ? `-${number}` : ''}`, timestamp },
    {
      summary,
      imports: transaction ? ['inTransaction'] : [...new Set(names)].toSorted(),
      transaction,
      up: up.map((call) => renderCall(call, ROOT_INDENT)),
      // TypeORM reverts without a transaction of its own where its migrationsTransactionMode is 'none'.
      down: transaction ? [renderInTransaction(down)] : down.map((call) => renderCall(call, ROOT_INDENT)),
    },
  );
}

function renderInTransaction(calls: readonly MigrationCall[]): string {
  const lines = calls.map((call) => `${' '.repeat(ROOT_INDENT + 2)}${renderCall(call, ROOT_INDENT + 2)}`);
  return `await inTransaction(queryRunner, async () => {\n${lines.join('\n')}\n${' '.repeat(ROOT_INDENT)}});`;
}

function renderCall(call: MigrationCall, indent: number): string {
  if (call.kind === 'statement') {
    const lines = call.note === undefined ? [] : wrapText(call.note, WIDTH - indent - 3);
    const notes = lines.map((line) => `// ${line}\n${' '.repeat(indent)}`);
    return `${notes.join('')}${renderQuery(call.statement, indent)}`;
  }
  const [before, after] = [`await ${call.name}(queryRunner, `, ');'];
  const around = before.length + after.length;
  // Of an index there is more to say than a line holds, and an edit should show as the line it is.
  const spread = call.name === 'ensureIndex';
  return `${before}${renderLiteral(call.argument as Parameters<typeof renderLiteral>[0], { indent, around, spread })}${after}`;
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
  const content = `${renderImport(parts.imports)}
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** ${parts.summary} */
export class ${className} implements MigrationInterface {
  readonly name = '${className}';
  readonly transaction = ${parts.transaction};

  async up(queryRunner: QueryRunner): Promise<void> {
${body(parts.up)}
  }

${
  parts.down.length === 0
    ? '  async down(): Promise<void> {\n    // What was filled stays filled.\n  }'
    : `  async down(queryRunner: QueryRunner): Promise<void> {\n${body(parts.down)}\n  }`
}
}
`;
  return { fileName: `${timestamp}-${name}.ts`, className, content };
}

function renderImport(names: readonly string[]): string {
  const line = `import { ${names.join(', ')} } from '${RUNTIME}';`;
  if (line.length <= WIDTH) return line;
  return `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${RUNTIME}';`;
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
