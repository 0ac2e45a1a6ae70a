import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource, Logger } from 'typeorm';
import { planChanges } from '../plan/plan-changes';
import { migrate } from '../run/migrate';
import { libraryAfter, libraryBefore, libraryHazards, libraryRows } from '../test/library.entities';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { generate } from './generate';

const scratchFolder = join(__dirname, '..', '..', '.generated');

describe('a generated change of everything', () => {
  let scratch: Scratch;
  let directory: string;

  beforeEach(async () => {
    scratch = await openScratch();
    mkdirSync(scratchFolder, { recursive: true });
    directory = mkdtempSync(join(scratchFolder, 'migrations-'));
  });
  afterEach(async () => {
    await scratch.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (entities: typeof libraryBefore | typeof libraryAfter, logger?: Logger): Promise<DataSource> =>
    scratch.open({
      entities: entities as never,
      migrations: [join(directory, '*.ts')],
      ...(logger !== undefined && { logger, logging: true }),
    });

  const evolve = async (name: string, now: number, entities: typeof libraryBefore | typeof libraryAfter) => {
    const allow = libraryHazards;
    const { files } = await generate(await open(entities), { name, directory, now, allow });
    const sent: string[] = [];
    const dataSource = await open(entities, new StatementLog(sent));
    await migrate(dataSource);
    return { files, dataSource, sent };
  };

  const fill = async () => {
    for (const statement of libraryRows) await scratch.dataSource.query(statement);
  };

  it('sends the statements of the plan, makes the declared schema, and reverts to what was there', async () => {
    const { dataSource: first } = await evolve('library', 1_700_000_000_000, libraryBefore);
    await fill();
    const before = await readSchema(first);
    const { steps } = await planChanges(await open(libraryAfter), { allow: libraryHazards });

    const { files, dataSource, sent } = await evolve('change', 1_700_000_100_000, libraryAfter);
    expect(files.map((file) => file.slice(directory.length + 15))).toEqual([
      'change-prepare.ts',
      'change.ts',
      'change-rewrite.ts',
      'change-constraints.ts',
      'change-indexes.ts',
    ]);
    const planned = steps.filter(({ kind }) => kind !== 'backfill').flatMap(({ statements }) => statements);
    const isChange = (statement: string) =>
      /^(ALTER|CREATE|DROP|COMMENT) /.test(statement) && !statement.includes('pg_temp');
    expect(sent.filter(isChange)).toEqual(planned.map(flatten));
    expect(await dataSource.query('select count(distinct token)::int as tokens from authors')).toEqual([
      { tokens: 500 },
    ]);
    const again = await generate(dataSource, { name: 'again', directory });
    expect(again.files).toEqual([]);
    const after = await readSchema(dataSource);

    for (const _file of files) await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await readSchema(dataSource)).toEqual(before);
    await migrate(dataSource);
    expect(await readSchema(dataSource)).toEqual(after);
  });

  it('is refused as long as a hazard is not allowed, and names each', async () => {
    await evolve('library', 1_700_000_000_000, libraryBefore);
    const refused = generate(await open(libraryAfter), { name: 'change', directory });
    await expect(refused).rejects.toMatchObject({ code: 'HOLDFAST_HAZARD_REFUSED' });
    const error: unknown = await refused.catch((reason: unknown) => reason);
    const ids = (error as { hazards: { id: string }[] }).hazards.map(({ id }) => id);
    expect([...new Set(ids)].toSorted()).toEqual([...libraryHazards].toSorted());
    expect((error as Error).message).toContain('--allow drop-column');
    expect(readdirSync(directory)).toHaveLength(2);
    await expect(
      generate(await open(libraryAfter), { name: 'change', directory, allow: ['drop-table'] }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('drop-column') });
  });

  it('is written as a formatter would write it', async () => {
    await evolve('library', 1_700_000_000_000, libraryBefore);
    await fill();
    await evolve('change', 1_700_000_100_000, libraryAfter);
    const root = join(__dirname, '..', '..', '..', '..');
    for (const file of readdirSync(directory)) {
      const text = readFileSync(join(directory, file), 'utf8');
      const formatted = execFileSync(
        join(root, 'node_modules', '.bin', 'biome'),
        ['format', `--config-path=${root}`, `--stdin-file-path=${join(root, 'packages', 'db', 'src', file)}`],
        { cwd: root, input: text, encoding: 'utf8' },
      );
      expect(formatted).toBe(text);
    }
  });
});

/** Statements as they are sent, in one line each. */
class StatementLog implements Logger {
  readonly #sent: string[];

  constructor(sent: string[]) {
    this.#sent = sent;
  }

  logQuery(query: string): void {
    this.#sent.push(flatten(query));
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

/** A generated migration lays statements out over lines, which changes no statement. */
function flatten(statement: string): string {
  return statement
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\( /g, '(')
    .replaceAll(/ \)/g, ')')
    .replaceAll(/ ?\(/g, '(')
    .trim();
}
