import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DriftFinding, findDrift, generate, migrate } from '@holdfast/online-schema';
import { withClient } from '../../measurement/with-client';
import { buildMigrations } from './build-migrations';
import type { Mutation } from './mutation';
import { type Stage, withEntities } from './stage';

/** Inside this workspace, so that the files find what they import. */
const GENERATED = resolve(__dirname, '..', '..', '..', '.generated');

/** What came of one mutation. */
export interface Trial {
  readonly mutation: Mutation;
  readonly findings: readonly Pick<DriftFinding, 'kind' | 'table' | 'name' | 'reason' | 'differences'>[];
  /** Statements that TypeORM's own comparison would run. */
  readonly typeOrmStatements: number;
  /** Findings after `generate` and `migrate`, or why these could not be done; undefined where a person has to mend it. */
  readonly left: readonly string[] | undefined;
}

/** Changes a fresh database, looks for drift, and lets `generate` and `migrate` mend it. */
export async function tryMutation(stage: Stage, mutation: Mutation): Promise<Trial> {
  return stage.withDatabase(async (url) => {
    await withClient(url, async (client) => {
      for (const statement of mutation.statements) await client.query(statement);
    });
    const looked = await withEntities(url, [], async (dataSource) => ({
      findings: (await findDrift(dataSource)).findings,
      typeOrmStatements: (await dataSource.driver.createSchemaBuilder().log()).upQueries.length,
    }));
    const left = mutation.mendable === false ? undefined : await mend(url, mutation).catch(describeFailure);
    return { mutation, ...looked, left };
  });
}

async function mend(url: string, { allow = [] }: Mutation): Promise<string[]> {
  await mkdir(GENERATED, { recursive: true });
  const directory = await mkdtemp(join(GENERATED, 'drift-'));
  try {
    const { files } = await withEntities(url, [], (dataSource) =>
      generate(dataSource, { name: 'mend', directory, allow }),
    );
    if (files.length === 0) return ['nothing was generated'];
    const built = await buildMigrations(directory, files);
    return await withEntities(url, [built], async (dataSource) => {
      await migrate(dataSource);
      const { findings } = await findDrift(dataSource);
      return findings.map(({ kind, name }) => `${kind} ${name}`);
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function describeFailure(error: unknown): string[] {
  return [error instanceof Error ? error.message : String(error)];
}
