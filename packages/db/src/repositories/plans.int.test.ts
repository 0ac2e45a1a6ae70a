import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { openDatabase } from '../test/open-database';
import { ApiKeyRepository } from './api-key.repository';
import { EventRepository } from './event.repository';
import { MembershipRepository } from './membership.repository';

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
    expect(texts.some((text) => /FROM "events".*"id" = \$1/.test(text))).toBe(true);
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
});
