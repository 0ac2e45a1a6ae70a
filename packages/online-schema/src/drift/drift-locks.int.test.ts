import { type DataSource, EntitySchema, type Logger, type QueryRunner } from 'typeorm';
import { Depot, Parcel } from '../test/parcels.entities';
import { openScratch, type Scratch } from '../test/scratch';
import { findDrift } from './find-drift';

/** Statements in the order in which they were sent. */
class StatementLog implements Logger {
  readonly statements: string[] = [];
  logQuery(query: string) {
    this.statements.push(query);
  }
  logQueryError() {}
  logQuerySlow() {}
  logSchemaBuild() {}
  logMigration() {}
  log() {}
}

const WithManyIndexes = new EntitySchema({
  name: 'WithManyIndexes',
  tableName: 'with_many_indexes',
  columns: { id: { type: 'integer', primary: true }, value: { type: 'integer' } },
  indices: Array.from({ length: 100 }, (_, number) => ({
    name: `idx_many_${number}`,
    columns: ['value'],
    where: `id > ${number}`,
  })),
});

describe('what looking for drift does to others', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  let other: QueryRunner;
  const log = new StatementLog();

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = await scratch.open({ entities: [Parcel, Depot], logger: log, logging: true });
    await dataSource.synchronize();
    for (const { mend } of (await findDrift(dataSource)).findings)
      for (const statement of mend) await dataSource.query(statement);
    other = scratch.dataSource.createQueryRunner();
    await other.connect();
  });

  afterAll(async () => {
    await other.release();
    await scratch.close();
  });

  it('gets through beside a writer that holds its locks, and beside a build that holds its own', async () => {
    for (const mode of ['row exclusive', 'share update exclusive', 'exclusive']) {
      await other.startTransaction();
      await other.query(`lock table parcels, depots in ${mode} mode`);
      try {
        expect((await findDrift(dataSource)).findings).toEqual([]);
      } finally {
        await other.rollbackTransaction();
      }
    }
  });

  it('waits, as a control, for a lock on the definition of a table', async () => {
    await other.startTransaction();
    await other.query('lock table parcels in access exclusive mode');
    await dataSource.query(`alter database ${await databaseOf(dataSource)} set lock_timeout = '100ms'`);
    const impatient = await scratch.open({ entities: [Parcel, Depot] });
    try {
      await expect(findDrift(impatient)).rejects.toMatchObject({ driverError: { code: '55P03' } });
    } finally {
      await other.rollbackTransaction();
      await dataSource.query(`alter database ${await databaseOf(dataSource)} reset lock_timeout`);
    }
  });

  it('holds nothing on a table but the lock of a reader, after every statement it sends', async () => {
    const seen = new Set<string>();
    const looked = await watchLocks(dataSource, other, seen);
    expect(looked.findings).toEqual([]);
    expect([...seen]).toEqual(['AccessShareLock']);
  });

  it('makes one clone of each table for its indexes and one for its checks, in two transactions that are rolled back', async () => {
    log.statements.length = 0;
    await findDrift(dataSource);
    const sent = (text: string) => log.statements.filter((statement) => statement.startsWith(text)).length;
    expect(sent('create temporary table')).toBe(3);
    expect(sent('START TRANSACTION')).toBe(2);
    expect(sent('ROLLBACK')).toBe(2);
    expect(sent('COMMIT')).toBe(0);
  });

  it('makes no more than one clone for 100 indexes of a table', async () => {
    const many = await scratch.open({ entities: [WithManyIndexes], logger: log, logging: true });
    await many.query('create table with_many_indexes (id integer primary key, value integer not null)');
    log.statements.length = 0;
    const { findings } = await findDrift(many);
    expect(findings.map(({ kind }) => kind)).toEqual(Array(100).fill('missing'));
    const counted = log.statements.filter((statement) =>
      /^(create temporary|START|ROLLBACK$)/.test(statement),
    );
    expect(counted).toHaveLength(3);
    // One to keep, one to build, for each index; the rest does not depend on their number.
    expect(log.statements.length).toBeLessThan(2 * 100 + 60);
  });

  it('says of an index that is being built that it is, and offers nothing to mend', async () => {
    await other.query('drop index idx_depots_town');
    const reader = scratch.dataSource.createQueryRunner();
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('select count(*) from parcels');
    const build = other.query('create index concurrently idx_depots_town on depots (town)');
    try {
      const [finding] = await eventually(async () => {
        const { findings } = await findDrift(dataSource);
        return findings.some(({ kind }) => kind !== 'missing') ? findings : undefined;
      });
      expect(finding).toMatchObject({ kind: 'building', name: 'idx_depots_town', mend: [] });
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
      await build;
    }
    expect((await findDrift(dataSource)).findings).toEqual([]);
  });
});

/** Looks for drift; meanwhile, notes after each of its statements which locks on the tables its sessions hold. */
async function watchLocks(dataSource: DataSource, other: QueryRunner, seen: Set<string>) {
  const watched = Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>) => {
        const runner = dataSource.createQueryRunner(...args);
        const query = runner.query.bind(runner);
        runner.query = async (...statement: Parameters<QueryRunner['query']>) => {
          const result = await query(...statement);
          const rows: { mode: string }[] = await other.query(
            `select distinct l.mode from pg_locks l
             where l.relation in ('parcels'::regclass, 'depots'::regclass) and l.pid <> pg_backend_pid()`,
          );
          for (const { mode } of rows) seen.add(mode);
          return result;
        };
        return runner;
      },
    },
  }) as DataSource;
  return findDrift(watched);
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
  }
}

async function databaseOf(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query('select current_database() as name');
  return row.name;
}
