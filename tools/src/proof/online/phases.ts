import { setTimeout as sleep } from 'node:timers/promises';
import { readIndexes } from '@holdfast/online-schema';
import { DataSource } from 'typeorm';
import { startCommand } from '../command';
import { holdfastMigrate, typeormRun } from '../commands';
import { createProject, type MigrationSource } from '../generated-project';
import { renderCreateIndex } from '../render-create-index';
import { type Latencies, LatencyRecord } from './latencies';
import type { Setting } from './setting';
import type { Stage } from './stage';
import { Writers } from './writers';

/** Times of a run, in order. */
export const PHASES = ['before', 'busy', 'build', 'replace', 'drop', 'after'] as const;
type Phase = (typeof PHASES)[number];

/** Those in which `holdfast migrate` is at work. */
export const MIGRATED = ['build', 'replace', 'drop'] as const;

export interface OnlineFigures {
  readonly phases: Readonly<Record<Phase, Latencies>>;
  /** While anything was built, replaced or dropped. */
  readonly migration: Latencies;
  /** While it was looked at what a phase has made. */
  readonly between: Latencies;
  /** What is not as it was to be after a phase. */
  readonly problems: readonly string[];
  /** Of what was confirmed, how many are missing. */
  readonly lost: number;
}

export interface PlainFigures {
  readonly before: Latencies;
  readonly build: Latencies;
}

/** All indexes of the table are built, replaced and dropped while the writers append. */
export async function migrateOnline(
  { url, indexes }: Stage,
  { events, writers: count, calmSeconds }: Setting,
  signal: AbortSignal,
): Promise<OnlineFigures> {
  const names = indexes.map(({ name }) => name);
  const edited = indexes.map((index) => ({ ...index, storage: editStorage(index.method) }));
  const problems: string[] = [];
  const records: Partial<Record<Phase, LatencyRecord>> = {};
  const between: LatencyRecord[] = [];
  const expectations: readonly [(typeof MIGRATED)[number], MigrationSource, string[]][] = [
    ['build', { name: 'Build', up: renderEnsure(indexes) }, names],
    ['replace', { name: 'Replace', up: renderEnsure(edited) }, names],
    ['drop', { name: 'Drop', up: renderDrop(names) }, []],
  ];
  let appended = 0;
  {
    await using writers = await Writers.start(url, count);
    await sleep(calmSeconds * 1_000, undefined, { signal });
    records.before = writers.cut();
    await compute(url, calmSeconds);
    records.busy = writers.cut();
    const migrations: MigrationSource[] = [];
    for (const [phase, migration, wanted] of expectations) {
      migrations.push(migration);
      await using project = await createProject(migrations);
      const { code, err } = await startCommand(holdfastMigrate(project.dataSourceFile), url).ended;
      records[phase] = writers.cut();
      if (code !== 0) problems.push(`${phase}: ended with ${code}: ${err.trim()}`);
      problems.push(
        ...(await compare(url, wanted, phase === 'replace')).map((problem) => `${phase}: ${problem}`),
      );
      signal.throwIfAborted();
      // What was looked at in between belongs to no phase.
      between.push(writers.cut());
    }
    await sleep(calmSeconds * 1_000, undefined, { signal });
    records.after = writers.cut();
    await writers[Symbol.asyncDispose]();
    appended = writers.appended;
  }
  const found = await ask<{ count: string }>(url, 'SELECT count(*) AS count FROM events');
  const taken = records as Record<Phase, LatencyRecord>;
  const entries = PHASES.map((phase) => [phase, LatencyRecord.join([taken[phase]])]);
  return {
    phases: Object.fromEntries(entries) as Record<Phase, Latencies>,
    migration: LatencyRecord.join(MIGRATED.map((phase) => taken[phase])),
    between: LatencyRecord.join(between),
    problems,
    lost: events + appended - Number(found[0]?.count),
  };
}

/** The control: the same indexes in an ordinary migration, run by the plain command. */
export async function migratePlainly(
  { plainUrl, indexes }: Stage,
  { writers: count, calmSeconds }: Setting,
  signal: AbortSignal,
): Promise<PlainFigures> {
  const statements = indexes.map((index) => renderCreateIndex(index, ''));
  const up = `for (const statement of ${JSON.stringify(statements)}) await runner.query(statement);`;
  await using project = await createProject([{ name: 'Plain', up }]);
  await using writers = await Writers.start(plainUrl, count);
  await sleep(calmSeconds * 1_000, undefined, { signal });
  const before = LatencyRecord.join([writers.cut()]);
  const { code, err } = await startCommand(typeormRun(project.dataSourceFile), plainUrl).ended;
  if (code !== 0) throw new Error(`the plain migration ended with ${code}: ${err.trim()}`);
  // Those that waited for it are answered by then.
  await sleep(100);
  return { before, build: LatencyRecord.join([writers.cut()]) };
}

/** A session that keeps a core busy, and touches no table: what any such neighbour costs the writers. */
async function compute(url: string, seconds: number): Promise<void> {
  await ask(
    url,
    `DO $$ BEGIN WHILE clock_timestamp() < statement_timestamp() + interval '${seconds} s' LOOP END LOOP; END $$`,
  );
}

/** Another storage parameter makes another index, of which the planner sees no difference. */
function editStorage(method = 'btree') {
  return method === 'gin' ? { fastupdate: false } : { fillfactor: 80 };
}

function renderEnsure(indexes: Stage['indexes']): string {
  return `for (const index of ${JSON.stringify(indexes)}) await ensureIndex(runner, index);`;
}

function renderDrop(names: readonly string[]): string {
  return `for (const name of ${JSON.stringify(names)}) await dropIndex(runner, { table: 'events', name });`;
}

async function compare(
  url: string,
  wanted: readonly string[],
  isEdited: boolean,
): Promise<readonly string[]> {
  const dataSource = await new DataSource({ type: 'postgres', url, poolSize: 1 }).initialize();
  try {
    const runner = dataSource.createQueryRunner();
    const found = (await readIndexes(runner, { tables: ['events'] })).filter(
      ({ constraint }) => constraint === null,
    );
    await runner.release();
    const missing = wanted.filter((name) => !found.some((index) => index.name === name));
    const surplus = found.filter(({ name }) => !wanted.includes(name));
    const unusable = found.filter(({ valid, ready }) => !(valid && ready));
    const unedited = found.filter(({ storage }) => isEdited !== Object.keys(storage).length > 0);
    return [
      ...missing.map((name) => `${name} is missing`),
      ...surplus.map(({ name }) => `${name} is left over`),
      ...unusable.map(({ name }) => `${name} is invalid`),
      ...unedited.map(({ name }) => `${name} is not as declared`),
    ];
  } finally {
    await dataSource.destroy();
  }
}

async function ask<Row>(url: string, text: string): Promise<readonly Row[]> {
  const dataSource = await new DataSource({ type: 'postgres', url, poolSize: 1 }).initialize();
  try {
    return await dataSource.query(text);
  } finally {
    await dataSource.destroy();
  }
}
