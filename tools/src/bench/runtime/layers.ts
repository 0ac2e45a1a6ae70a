import { closeDataSource, createPostgresDataSource, openDataSource, outcomeLedger } from '@holdfast/postgres';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Account, BenchEvent } from './schema';

/** Ways to the same database, each with a pool of the same size. */
export interface Layers extends AsyncDisposable {
  /** node-postgres, used by hand. */
  readonly pg: Pool;
  /** The same again, with connections of its own: the control. */
  readonly pgAgain: Pool;
  readonly holdfast: DataSource;
  /** TypeORM on node-postgres' own pool. */
  readonly typeorm: DataSource;
}

/** Its table must be made. */
export const LEDGER = outcomeLedger();

const ENTITIES = [Account, BenchEvent];

/** Opens all of them; or nothing is left open. */
export async function openLayers(url: string, poolSize: number): Promise<Layers> {
  const pg = new Pool({ connectionString: url, max: poolSize });
  const pgAgain = new Pool({ connectionString: url, max: poolSize });
  const holdfast = createPostgresDataSource({
    url,
    pool: {
      min: 0,
      max: poolSize,
      idleMs: 10_000,
      acquireMs: 30_000,
      createMs: 10_000,
      destroyMs: 5_000,
      createRetryMs: 100,
    },
    applicationName: 'bench-runtime',
    entities: ENTITIES,
    migrations: [],
  });
  const typeorm = new DataSource({ type: 'postgres', url, poolSize, entities: ENTITIES });
  const close = async (): Promise<void> => {
    await Promise.all([
      pg.end(),
      pgAgain.end(),
      closeDataSource(holdfast),
      typeorm.isInitialized ? typeorm.destroy() : undefined,
    ]);
  };
  try {
    await openDataSource(holdfast);
    await typeorm.initialize();
  } catch (error) {
    await close();
    throw error;
  }
  return { pg, pgAgain, holdfast, typeorm, [Symbol.asyncDispose]: close };
}
