import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { type DataSource, EntitySchema, type EntitySchemaOptions } from 'typeorm';
import { type Columns, id } from '../test/plan-thing';
import { roundTrip } from '../test/round-trip';
import { openScratch, type Scratch } from '../test/scratch';

const whole = { type: 'integer', nullable: true } as const;

function entity(
  name: string,
  columns: Columns,
  more: Partial<EntitySchemaOptions<object>> = {},
): EntitySchema<object> {
  return new EntitySchema<object>({ name, tableName: name, columns: { id, ...columns } as never, ...more });
}

const thing = (columns: Columns, more: Partial<EntitySchemaOptions<object>> = {}) =>
  entity('things', columns, more);
const things = (columns: string, ...more: string[]) =>
  [`create table things (id integer primary key, ${columns})`, ...more].join('; ');

function counting(type: 'integer' | 'bigint'): EntitySchema<object> {
  return entity('things', { id: { type, primary: true, generated: 'increment' } });
}

/** What is there, what is declared, and what has to be allowed. */
const TRIPS: readonly [string, string, readonly EntitySchema<object>[], string[]?][] = [
  [
    'an integer that counts and becomes bigint',
    'create table things (id serial primary key)',
    [counting('bigint')],
    ['change-type'],
  ],
  [
    'a bigint that counts and becomes an integer',
    'create table things (id bigserial primary key)',
    [counting('integer')],
    ['change-type'],
  ],
  [
    'an index under another name',
    things('a integer', 'create index made_by_hand on things (a)'),
    [thing({ a: whole }, { indices: [{ name: 'things_a', columns: ['a'] }] })],
  ],
  [
    'an index under another name, of which a foreign key has need',
    `create table owners (id integer primary key, code integer); create unique index made_by_hand on owners (code); create table things (id integer primary key, code integer constraint fk references owners (code))`,
    [
      entity(
        'owners',
        { code: whole },
        { indices: [{ name: 'owners_code', columns: ['code'], unique: true }] },
      ),
      thing(
        { code: whole },
        {
          foreignKeys: [
            { name: 'fk', columnNames: ['code'], referencedColumnNames: ['code'], target: 'owners' },
          ],
        },
      ),
    ],
  ],
  [
    'an index under another name, with a column that goes',
    things('a integer, b integer', 'create index made_by_hand on things (a)'),
    [thing({ a: whole }, { indices: [{ name: 'things_a', columns: ['a'] }] })],
    ['drop-column'],
  ],
  [
    'a column with indexes that gets another name',
    things(
      'old integer, b integer, c integer',
      'create index kept on things (b, old desc) include (c) where old > 5; create index things_old on things ((old + 1))',
      'create index changed on things (old)',
      'create unique index of_both on things (old, b)',
    ),
    [
      thing(
        { fresh: whole, b: whole, c: whole },
        {
          indices: [
            { name: 'changed', columns: ['fresh', 'c'] },
            { name: 'of_both', columns: ['fresh', 'b'], unique: true },
          ],
        },
      ),
    ],
    ['rename-column', 'drop-index'],
  ],
];

describe.each([17, 18] as const)('what belongs to a column, for PostgreSQL %i', (version) => {
  let server: TemporaryServer;
  let scratch: Scratch;

  beforeAll(async () => {
    server = await openTemporaryServer({ version });
    scratch = await openScratch({ url: server.url });
  });
  afterAll(async () => {
    await scratch.close();
    await server[Symbol.asyncDispose]();
  });

  it.each(TRIPS)(
    'is as declared for %s, is never written again, and is reverted',
    async (_, sql, entities, allow = []) => {
      const { plan, before, again, reverted } = await roundTrip(scratch, sql, entities, { allow });
      expect(plan.steps.length).toBeGreaterThan(0);
      expect(again).toEqual({ steps: [], refused: [] });
      expect(reverted).toEqual(before);
    },
  );

  it('lets a column that becomes bigint count past the last integer, and says why a revert cannot bring that back', async () => {
    const sql = `create table things (id serial primary key); select setval('things_id_seq', 2147483647)`;
    const insert = 'insert into things default values';
    await scratch.dataSource.query(`drop schema public cascade; create schema public; ${sql}`);
    await scratch.dataSource.query('alter table things alter id type bigint');
    await expect(scratch.dataSource.query(insert)).rejects.toThrow('reached maximum value of sequence');
    const use = (dataSource: DataSource) => dataSource.query(insert);
    const trip = roundTrip(scratch, sql, [counting('bigint')], { allow: ['change-type'], use });
    await expect(trip).rejects.toThrow(
      'RESTART value (2147483648) cannot be greater than MAXVALUE (2147483647)',
    );
    expect(await scratch.dataSource.query('select id from things')).toEqual([{ id: '2147483648' }]);
  });
});
