import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DataSource, EntitySchema, type EntityTarget } from 'typeorm';
import { libraryAfter, libraryBefore, libraryHazards } from '../test/library.entities';
import { openScratch, type Scratch } from '../test/scratch';
import { planChanges } from './plan-changes';
import type { PlanStep } from './plan-step';

const manifest = require.resolve('squawk-cli/package.json');
const squawk = join(dirname(manifest), (require(manifest) as { bin: { squawk: string } }).bin.squawk);

interface Violation {
  readonly rule_name: string;
  /** From 0. */
  readonly line: number;
}

/** Before each step its session has these, which is what the rules for them ask for. */
const SETTINGS = [`set lock_timeout = '200ms'`, 'set statement_timeout = 0'];

/** What squawk has to say of statements that are sent in this way. */
function lint(
  statements: readonly string[],
  { inTransaction }: { readonly inTransaction: boolean },
): Violation[] {
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [
      squawk,
      '--reporter=json',
      '--pg-version=17.0',
      '--stdin-filepath=plan.sql',
      inTransaction ? '--assume-in-transaction' : '--no-assume-in-transaction',
    ],
    {
      input: [...SETTINGS, ...statements].map((sql) => `${sql};\n`).join(''),
      encoding: 'utf8',
    },
  );
  if (error !== undefined) throw error;
  if (stderr.trim() !== '' && stdout.trim() === '') throw new Error(stderr);
  return JSON.parse(stdout) as Violation[];
}

/** A rule that a step may break, and why it is right to. */
interface Exception {
  readonly rules: readonly string[];
  readonly applies: (step: PlanStep) => boolean;
  readonly reason: string;
}

const hasHazard = (id: string) => (step: PlanStep) => step.hazards.some((hazard) => hazard.id === id);

const EXCEPTIONS: readonly Exception[] = [
  {
    rules: ['prefer-robust-stmts'],
    applies: ({ transaction }) => transaction !== 'shared',
    reason:
      'asks for IF NOT EXISTS, which takes an invalid remains for success; each of these looks into the catalog before it is sent, and the tests end the session before any of them',
  },
  { rules: ['ban-drop-column'], applies: hasHazard('drop-column'), reason: 'allowed by a person' },
  { rules: ['renaming-column'], applies: hasHazard('rename-column'), reason: 'allowed by a person' },
  {
    rules: ['changing-column-type'],
    applies: (step) => step.kind === 'change type' && step.rewrites === hasHazard('change-type')(step),
    reason: 'allowed by a person, or of a kind for which the server, when asked, rewrites nothing',
  },
  {
    rules: ['ban-drop-not-null'],
    applies: ({ kind }) => kind === 'drop not null',
    reason: 'the entity, from which the code has its type, says that the column takes NULL',
  },
  {
    rules: ['prefer-bigint-over-int', 'prefer-bigint-over-smallint', 'prefer-text-field'],
    applies: ({ kind }) => ['create table', 'add column', 'change type'].includes(kind),
    reason: 'the type is what the entity says; the doctor tells when an integer is about to run out',
  },
];

/** Beside the library: what differs in an index's name alone. */
const shelf = (index: string) =>
  new EntitySchema<object>({
    name: 'Shelf',
    columns: { id: { type: 'integer', primary: true }, place: { type: 'text' } } as never,
    indices: [{ name: index, columns: ['place'] }],
  });

describe('squawk', () => {
  let scratch: Scratch;
  let after: DataSource;

  beforeAll(async () => {
    expect(existsSync(squawk)).toBe(true);
    scratch = await openScratch({
      entities: [...libraryBefore, shelf('shelf_place')] as EntityTarget<object>[] as never,
    });
    const runner = scratch.dataSource.createQueryRunner();
    for (const { statements } of (await planChanges(scratch.dataSource)).steps) {
      for (const statement of statements) await runner.query(statement);
    }
    await runner.release();
    after = await scratch.open({
      entities: [...libraryAfter, shelf('idx_shelf_place')] as EntityTarget<object>[] as never,
    });
  });
  afterAll(() => scratch.close());

  it('sees what a plain migration does wrong', () => {
    const rules = (sql: string) => lint([sql], { inTransaction: false }).map(({ rule_name }) => rule_name);
    expect(rules('create index i on t (a)')).toContain('require-concurrent-index-creation');
    expect(rules('alter table t alter column a set not null')).toContain('adding-not-nullable-field');
    expect(rules('alter table t add constraint c foreign key (a) references u (id)')).toContain(
      'adding-foreign-key-constraint',
    );
    expect(rules('alter table t add constraint c check (a > 0)')).toContain('constraint-missing-not-valid');
    expect(rules('alter table t add constraint c unique (a)')).toContain('disallowed-unique-constraint');
  });

  it('has nothing against the steps of a plan but what is explained here', async () => {
    const { steps } = await planChanges(after, { allow: libraryHazards });
    expect(steps.map(({ kind }) => kind)).toContain('rename index');
    const used = new Set<string>();
    const unexplained: string[] = [];
    for (const inTransaction of [true, false]) {
      // A line for each, by which what is said of it is found again.
      const sent = steps
        .filter(({ transaction }) => (transaction === 'shared') === inTransaction)
        .flatMap((step) =>
          step.statements.map((statement) => ({ step, line: statement.replaceAll(/\s+/g, ' ') })),
        );
      const lines = sent.map(({ line }) => line);
      for (const { rule_name, line } of lint(lines, { inTransaction })) {
        const one = sent[line - SETTINGS.length];
        if (one === undefined) throw new Error(`squawk names line ${line}, which is no statement`);
        const exception = EXCEPTIONS.find(
          ({ rules, applies }) => rules.includes(rule_name) && applies(one.step),
        );
        if (exception === undefined) unexplained.push(`${rule_name}: ${one.line}`);
        else used.add(rule_name);
      }
    }
    expect(unexplained).toEqual([]);
    // An exception that nothing needs would hide what comes.
    expect([...used].toSorted()).toEqual(EXCEPTIONS.flatMap(({ rules }) => rules).toSorted());
  });
});
