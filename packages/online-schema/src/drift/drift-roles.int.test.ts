import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { Depot, Parcel } from '../test/parcels.entities';
import { findDrift } from './find-drift';

describe('looking for drift with plain privileges', () => {
  let server: TemporaryServer;
  let owner: DataSource;

  beforeAll(async () => {
    server = await openTemporaryServer();
    owner = await open(server.url);
    await owner.synchronize();
    for (const { mend } of (await findDrift(owner)).findings)
      for (const statement of mend) await owner.query(statement);
    for (const role of ['reader', 'stranger', 'untemporary'])
      await owner.query(`create role ${role} login password 'plain'`);
    await owner.query('grant select on parcels, depots to reader, untemporary');
    await owner.query(
      'revoke temporary on database holdfast from public; grant temporary on database holdfast to reader, stranger',
    );
    await owner.query('grant select (id) on parcels to stranger');
  });

  afterAll(async () => {
    await owner?.destroy();
    await server?.stop();
  });

  const open = (url: string) =>
    new DataSource({ type: 'postgres', url, entities: [Parcel, Depot] }).initialize();

  const lookAs = async (role: string) => {
    const url = new URL(server.url);
    url.username = role;
    url.password = 'plain';
    const dataSource = await open(url.href);
    try {
      return await findDrift(dataSource);
    } finally {
      await dataSource.destroy();
    }
  };

  it('finds none as the owner, nor as a role that may only read', async () => {
    expect((await findDrift(owner)).findings).toEqual([]);
    expect((await lookAs('reader')).findings).toEqual([]);
  });

  it('finds as a role that may only read what the owner finds', async () => {
    await owner.query('drop index idx_depots_town');
    await owner.query('create index idx_extra on parcels (weight)');
    await owner.query('alter table parcels drop constraint parcels_weight_check');
    await owner.query('alter table parcels alter status drop default');
    const { findings } = await lookAs('reader');
    expect(findings.map(({ name }) => name).sort()).toEqual([
      'idx_depots_town',
      'idx_extra',
      'parcels_weight_check',
      'status',
    ]);
    expect(findings).toEqual((await findDrift(owner)).findings);
  });

  it('cannot look at a table of which it may read a part, where TypeORM takes the rest for missing', async () => {
    await expect(lookAs('stranger')).rejects.toMatchObject({
      code: 'HOLDFAST_TABLE_NOT_READABLE',
      message: expect.stringContaining('GRANT SELECT ON "public"."parcels" TO "stranger"'),
    });
    const url = new URL(server.url);
    url.username = 'stranger';
    url.password = 'plain';
    const dataSource = await open(url.href);
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query).join('\n')).toContain('ADD "sender"');
    } finally {
      await dataSource.destroy();
    }
  });

  it('cannot look without temporary tables, and says what to grant', async () => {
    await expect(lookAs('untemporary')).rejects.toMatchObject({
      code: 'HOLDFAST_TEMP_PRIVILEGE_MISSING',
      message: expect.stringContaining('GRANT TEMPORARY ON DATABASE "holdfast" TO "untemporary"'),
    });
  });
});
