import { EntitySchema } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { findDrift } from './find-drift';

const Room = new EntitySchema({
  name: 'Room',
  tableName: 'rooms',
  columns: {
    id: { type: 'integer', primary: true, primaryKeyConstraintName: 'rooms_pkey' },
    label: { type: 'text' },
  },
  indices: [{ name: 'idx_rooms_label', columns: ['label'] }],
});

const ROOMS = 'create table rooms (id integer constraint rooms_pkey primary key, title text not null)';

describe('an index of a column that has another name', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const look = async (...statements: string[]) => {
    for (const statement of statements) await scratch.dataSource.query(statement);
    const dataSource = await scratch.open({ entities: [Room] });
    return (await findDrift(dataSource)).findings;
  };

  it('is no finding of its own: the column carries it along', async () => {
    const findings = await look(ROOMS, 'create index idx_rooms_label on rooms (title)');
    expect(findings.map(({ kind, name }) => [kind, name])).toEqual([['table', 'label']]);
    await scratch.dataSource.query('alter table rooms rename title to label');
    expect(await look()).toEqual([]);
  });

  it('is told as renamed where it has another name as well, and is renamed', async () => {
    const findings = await look(ROOMS, 'create index idx_rooms_title on rooms (title)');
    expect(findings.map(({ kind, name }) => [kind, name])).toEqual([
      ['table', 'label'],
      ['renamed', 'idx_rooms_label'],
    ]);
    expect(findings[1]?.mend).toEqual(['ALTER INDEX "public"."idx_rooms_title" RENAME TO "idx_rooms_label"']);
    await scratch.dataSource.query('alter table rooms rename title to label');
    for (const statement of findings[1]?.mend ?? []) await scratch.dataSource.query(statement);
    expect(await look()).toEqual([]);
  });
});
