import type { DataSource } from 'typeorm';
import { type Expected, SEEN, UNSEEN } from '../test/parcel-mutations';
import { Depot, Parcel, TypeOrmParcel } from '../test/parcels.entities';
import { openScratch, type Scratch } from '../test/scratch';
import type { DriftFinding } from './drift-report';
import { findDrift } from './find-drift';

describe('finding drift', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  let control: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = await scratch.open({ entities: [Parcel, Depot] });
    control = await scratch.open({ entities: [TypeOrmParcel] });
    await dataSource.synchronize();
    await mend(dataSource, (await findDrift(dataSource)).findings);
  });

  afterAll(() => scratch.close());

  it('finds none where all is as declared', async () => {
    const { findings, looked } = await findDrift(dataSource);
    expect(findings).toEqual([]);
    expect(looked).toMatchObject({
      tables: 2,
      indexes: 7,
      serverVersion: expect.stringMatching(/^1\d\.\d+$/),
    });
    expect(await askTypeOrm(control)).toEqual([]);
  });

  // A test that fails leaves its change behind; the others shall not.
  afterEach(async () => mend(dataSource, (await findDrift(dataSource)).findings));

  const report = async (mutation: readonly string[], expected: Expected) => {
    for (const statement of mutation) await dataSource.query(statement);
    const { findings } = await findDrift(dataSource);
    const found = findings.map(({ kind, name, differences }) => [
      kind,
      name,
      ...differences.map(({ aspect }) => aspect),
    ]);
    // A column that went took the index along.
    const first = found.filter(([, name]) => expected[1] !== 'town' || name !== 'idx_depots_town');
    expect(first).toEqual([expected]);
    return findings;
  };

  describe.each(UNSEEN)('after a change to %s', (_, mutation, expected) => {
    it('reports it once, where TypeORM finds nothing to change, and its mend leaves none', async () => {
      const findings = await report(mutation, expected);
      expect(await askTypeOrm(control)).toEqual([]);
      expect(await askTypeOrm(dataSource)).toEqual([]);
      await mend(dataSource, findings);
      expect((await findDrift(dataSource)).findings).toEqual([]);
    });
  });

  describe.each(SEEN)('after a change to %s', (_, mutation, expected) => {
    it('reports it once, and its mend leaves none', async () => {
      await mend(dataSource, await report(mutation, expected));
      expect((await findDrift(dataSource)).findings).toEqual([]);
    });
  });

  it('sees what a failed build and a failed rebuild leave, which the server answers queries with as before', async () => {
    await dataSource.query('drop index idx_parcels_number');
    await dataSource.query(
      `insert into parcels (id, sender, number, tags) values (1, 'a', 'twice', '{}'), (2, 'a', 'twice', '{}')`,
    );
    await expect(
      dataSource.query('create unique index concurrently idx_parcels_number on parcels (number)'),
    ).rejects.toMatchObject({ driverError: { code: '23505' } });
    await dataSource.query('reindex index concurrently idx_parcels_pair');
    await expect(dataSource.query('reindex index concurrently idx_parcels_number')).rejects.toMatchObject({
      driverError: { code: '23505' },
    });
    const { findings } = await findDrift(dataSource);
    expect(findings.map(({ kind, name }) => [kind, name])).toEqual([
      [expect.stringMatching(/^invalid$|^not-ready$/), 'idx_parcels_number'],
      ['remains', expect.stringMatching(/^idx_parcels_number_ccnew$/)],
    ]);
    // It drops what the rebuild left, with the table locked; that the index is invalid it does not see.
    expect(await askTypeOrm(control)).toEqual(['DROP INDEX "public"."idx_parcels_number_ccnew"']);
    await dataSource.query('delete from parcels');
    await mend(dataSource, findings);
    expect((await findDrift(dataSource)).findings).toEqual([]);
  });

  it.each([
    [
      'a table that no entity has',
      'create table strangers (a text); create index idx_depots_town on strangers (a)',
      'an index of public.strangers',
      'drop table strangers',
    ],
    [
      'a constraint of its own table',
      'alter table depots add constraint idx_depots_town unique (town, id)',
      'constraint idx_depots_town of public.depots',
      'alter table depots drop constraint idx_depots_town',
    ],
    [
      'a view',
      'create view idx_depots_town as select 1',
      'view public.idx_depots_town',
      'drop view idx_depots_town',
    ],
  ])('says that the name belongs to %s, and leaves it to people', async (_, take, owner, giveBack) => {
    await dataSource.query('drop index idx_depots_town');
    await dataSource.query(take);
    const { findings } = await findDrift(dataSource);
    expect(findings).toHaveLength(1);
    const [taken] = findings;
    expect(taken).toMatchObject({ kind: 'name-taken', table: 'depots', name: 'idx_depots_town', mend: [] });
    expect(taken?.reason).toContain(`the name belongs to ${owner}`);
    await dataSource.query(giveBack);
    await mend(dataSource, (await findDrift(dataSource)).findings);
    expect((await findDrift(dataSource)).findings).toEqual([]);
  });

  it('reports a table that does not exist once, without its indexes, and its mend makes both', async () => {
    await dataSource.query('drop table depots');
    const { findings } = await findDrift(dataSource);
    expect(findings.map(({ kind, name }) => [kind, name])).toEqual([['table', 'depots']]);
    await mend(dataSource, findings);
    expect((await findDrift(dataSource)).findings).toEqual([]);
  });
});

/** What `typeorm schema:log` would print. */
async function askTypeOrm(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  // The control's entities do not have all of the tables; what it says of those that it has is what counts.
  return upQueries.map(({ query }) => query);
}

async function mend(dataSource: DataSource, findings: readonly DriftFinding[]): Promise<void> {
  for (const statement of findings.flatMap((finding) => finding.mend)) await dataSource.query(statement);
}
