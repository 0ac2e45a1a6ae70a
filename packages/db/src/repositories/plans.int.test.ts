import { randomUUID } from 'node:crypto';
import { checkContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { readLogPage } from '../log/log-page';
import { openDatabase } from '../test/open-database';
import { ApiKeyRepository } from './api-key.repository';
import { EventRepository } from './event.repository';
import { MembershipRepository } from './membership.repository';
import { UserRepository } from './user.repository';

describe('the statements of repositories', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database?.close());

  /** Texts that the connection has prepared after the work was done several times on it. */
  async function readPrepared(work: (manager: EntityManager) => Promise<unknown>): Promise<string[]> {
    const runner = database.dataSource.createQueryRunner();
    try {
      for (let time = 0; time < 3; time += 1) await work(runner.manager);
      const rows = await runner.query('SELECT statement FROM pg_prepared_statements');
      return rows.map(({ statement }: { statement: string }) => statement);
    } finally {
      await runner.release();
    }
  }

  it('are prepared', async () => {
    const texts = await readPrepared((manager) => new EventRepository(manager).findById(randomUUID()));
    expect(texts.some((text) => text.endsWith('from events e where e.id = $1'))).toBe(true);
  });

  it('are written, and what reads their rows is compiled, once for the database and not for each connection', async () => {
    const { Function: original } = globalThis;
    let compiled = 0;
    globalThis.Function = new Proxy(original, {
      construct(target, texts) {
        compiled += 1;
        return Reflect.construct(target, texts);
      },
    });
    try {
      const own = await openDatabase();
      try {
        const ask = () =>
          own.dataSource.transaction(async (manager) => {
            await new EventRepository(manager).findById(randomUUID());
            await new EventRepository(manager).pageByTags(['urgent']);
            await new UserRepository(manager).findById((await new UserRepository(manager).create({})).id);
            await readLogPage(manager);
          });
        await ask();
        const first = compiled;
        expect(first).toBeGreaterThan(0);
        for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 10 }, ask));
        expect(compiled).toBe(first);
      } finally {
        await own.close();
      }
    } finally {
      globalThis.Function = original;
    }
  });

  it.each([
    ['tags', (manager: EntityManager) => new EventRepository(manager).pageByTags(['urgent'])],
    [
      'organization_id',
      (manager: EntityManager) => new EventRepository(manager).pageByOrganization(randomUUID()),
    ],
    ['user_id', (manager: EntityManager) => new EventRepository(manager).pageByUser(randomUUID())],
    ['user_id', (manager: EntityManager) => new ApiKeyRepository(manager).pageByUser(randomUUID(), 'active')],
    [
      'role',
      (manager: EntityManager) => new MembershipRepository(manager).pageMembersByRole(randomUUID(), 'member'),
    ],
  ])('are planned anew where one plan does not suit all values of %s', async (column, ask) => {
    const texts = await readPrepared(ask);
    const pattern = new RegExp(`WHERE.*"${column}" (=|@>) \\$`);
    expect(texts.filter((text) => pattern.test(text))).toEqual([]);
  });

  it('follow the order of an index where far more last names begin so than the statistics know', async () => {
    const { dataSource } = database;
    // Scattered, so that the order of the names is not that of the rows.
    await dataSource.query(`
      insert into users (id, last_name)
      select gen_random_uuid(), lpad((n * 7919 % 100000)::text, 5, '0') from generate_series(1, 20000::bigint) as n`);
    await dataSource.query('analyze users');
    await dataSource.query(
      `insert into users (id, last_name) select gen_random_uuid(), '01234x' || n from generate_series(1, 300) as n`,
    );
    const { broken } = await checkContract(dataSource, {
      name: 'users by the beginning of a last name',
      index: 'idx_users_last_name',
      run: (manager) => new UserRepository(manager).searchByLastName('0123'),
    });
    expect(broken).toEqual([]);
  });
});
