import { openTemporaryServer } from '@holdfast/local-postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { settings } from '../test/settings';
import { CUSTOM_PLAN } from './custom-plan';

interface Sample {
  id: number;
  label: string | null;
  kind: 'plain' | 'fancy';
  tags: string[];
  numbers: number[] | null;
  bytes: Buffer | null;
  at: Date;
  day: string | null;
  amount: string;
  big: string;
  data: object | null;
  ready: boolean;
}

const SampleSchema = new EntitySchema<Sample>({
  name: 'Sample',
  columns: {
    id: { type: 'int', primary: true },
    label: { type: 'text', nullable: true },
    kind: { type: 'enum', enum: ['plain', 'fancy'] },
    tags: { type: 'text', array: true },
    numbers: { type: 'int', array: true, nullable: true },
    bytes: { type: 'bytea', nullable: true },
    at: { type: 'timestamptz' },
    day: { type: 'date', nullable: true },
    amount: { type: 'numeric' },
    big: { type: 'bigint' },
    data: { type: 'jsonb', nullable: true },
    ready: { type: 'bool' },
  },
});

const SAMPLES: readonly Sample[] = [
  {
    id: 1,
    label: null,
    kind: 'plain',
    tags: [],
    numbers: null,
    bytes: null,
    at: new Date('2024-02-29T12:34:56.789Z'),
    day: null,
    amount: '12.50',
    big: '9007199254740993',
    data: null,
    ready: false,
  },
  {
    id: 2,
    label: `it's "quoted" \\ and ünïcode 🐘`,
    kind: 'fancy',
    tags: ['a', 'b,c', '"d"', ''],
    numbers: [1, -2, 3],
    bytes: Buffer.from([0, 1, 254, 255]),
    at: new Date(0),
    day: '1999-12-31',
    amount: '-0.000001',
    big: '-1',
    data: { deep: [1, { er: null }], 'a"b': true },
    ready: true,
  },
];

describe('through TypeORM', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;
  let ours: DataSource;
  let plain: DataSource;

  beforeAll(async () => {
    server = await openTemporaryServer();
    ours = createPostgresDataSource({
      url: server.url,
      pool: { ...settings, max: 1 },
      applicationName: 'typeorm-statements',
      entities: [SampleSchema],
      migrations: [],
    });
    plain = new DataSource({ type: 'postgres', url: server.url, entities: [SampleSchema] });
    await openDataSource(ours);
    await plain.initialize();
    for (const { query } of (await plain.driver.createSchemaBuilder().log()).upQueries)
      await plain.query(query);
  });

  afterAll(async () => {
    if (plain?.isInitialized) await plain.destroy();
    if (ours) await closeDataSource(ours);
    await server?.stop();
  });

  beforeEach(async () => {
    await plain.query('TRUNCATE sample');
    await ours.query('DEALLOCATE ALL');
  });

  /** Texts that the only connection of our pool holds. */
  const readHeld = async () => {
    const rows: { statement: string }[] = await ours.query('SELECT statement FROM pg_prepared_statements');
    return rows.map(({ statement }) => statement);
  };

  const twice = async (work: () => Promise<unknown>) => {
    await work();
    await work();
  };

  it('values of every kind are written and read as they are without names', async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const source of [ours, plain]) {
        const repository = source.getRepository(SampleSchema);
        await repository.clear();
        for (const sample of SAMPLES) await repository.insert({ ...sample });
        for (const reader of [ours, plain]) {
          const samples = reader.getRepository(SampleSchema);
          for (const sample of SAMPLES) {
            expect(await samples.findOneBy({ id: sample.id })).toEqual(sample);
            expect(await samples.findOneBy({ at: sample.at, ready: sample.ready })).toEqual(sample);
          }
        }
      }
    }
    expect((await readHeld()).filter((text) => text.startsWith('INSERT INTO "sample"'))).not.toEqual([]);
  });

  it.each<[string, RegExp, (source: DataSource) => Promise<unknown>]>([
    ['find', /^SELECT "Sample"/, (source) => source.getRepository(SampleSchema).findOneBy({ id: 1 })],
    [
      'a query builder',
      /GROUP BY/,
      (source) =>
        source
          .getRepository(SampleSchema)
          .createQueryBuilder('s')
          .select('s.kind', 'kind')
          .where('s.tags @> :tags', { tags: ['a'] })
          .groupBy('s.kind')
          .getRawMany(),
    ],
    [
      'an update',
      /^UPDATE/,
      (source) => source.getRepository(SampleSchema).update({ id: 1 }, { label: 'new' }),
    ],
    ['a text', /^SELECT \$1/, (source) => source.query('SELECT $1::text[] AS list', [['x', null]])],
    [
      'a transaction',
      /^DELETE/,
      (source) => source.transaction((manager) => manager.delete(SampleSchema, { id: 1 })),
    ],
  ])('%s is prepared from its second use on', async (_case, pattern, work) => {
    await twice(() => work(ours));
    expect((await readHeld()).filter((text) => pattern.test(text))).toHaveLength(1);
    expect(await work(ours)).toEqual(await work(plain));
  });

  it('a statement with the comment for a plan of its own is not prepared', async () => {
    const repository = ours.getRepository(SampleSchema);
    await twice(() =>
      repository.createQueryBuilder('s').comment(CUSTOM_PLAN).where('s.id = :id', { id: 1 }).getMany(),
    );
    await twice(() => repository.find({ comment: CUSTOM_PLAN, where: { id: 1 } }));
    expect(await readHeld()).toEqual([]);
    await twice(() => repository.find({ where: { id: 1 } }));
    expect(await readHeld()).toHaveLength(1);
  });
});
