import { type DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { migrate } from './migrate';
import type { RunEvent } from './run-event';

const Lamp = new EntitySchema({
  name: 'Lamp',
  tableName: 'lamps',
  columns: { id: { type: 'integer', primary: true }, watts: { type: 'integer' } },
  indices: [{ name: 'idx_lamps_watts', columns: ['watts'] }],
});

class CreateLamps1700000000000 implements MigrationInterface {
  readonly name = 'CreateLamps1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await runner.query('create table lamps (id integer primary key, watts integer not null)');
    await ensureIndex(runner, { table: 'lamps', name: 'idx_lamps_watts', keys: ['"watts"'] });
  }
  async down() {}
}

describe('an index that has become invalid after its migration was recorded', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  let events: RunEvent[];
  const report = (event: RunEvent) => void events.push(event);
  const notices = () => events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));

  beforeEach(async () => {
    events = [];
    scratch = await openScratch();
    dataSource = await scratch.open({ entities: [Lamp], migrations: [CreateLamps1700000000000] });
    await migrate(dataSource);
  });

  afterEach(() => scratch.close());

  const find = async (name: string) => {
    const runner = scratch.dataSource.createQueryRunner();
    const [index] = await readIndexes(runner, { tables: ['lamps'], name });
    await runner.release();
    return index;
  };
  /** As a REINDEX by other tools, or a crash of theirs, leaves it. */
  const invalidate = (name: string) =>
    scratch.dataSource.query(`update pg_index set indisvalid = false where indexrelid = $1::regclass`, [
      name,
    ]);

  it('stays invalid with the plain command, which has nothing to do', async () => {
    await invalidate('idx_lamps_watts');
    await expect(dataSource.runMigrations({ transaction: 'none' })).resolves.toEqual([]);
    expect(await find('idx_lamps_watts')).toMatchObject({ valid: false });
  });

  it('is rebuilt by migrate if it is declared, as the catalog has it', async () => {
    await invalidate('idx_lamps_watts');
    await expect(migrate(dataSource, { report })).resolves.toEqual([]);
    expect(events.find(({ type }) => type === 'step')).toMatchObject({
      action: 'rebuild index',
      name: 'idx_lamps_watts',
    });
    expect(await find('idx_lamps_watts')).toMatchObject({ valid: true, keys: ['watts'] });
    events = [];
    await migrate(dataSource, { report });
    expect(events.map(({ type }) => type)).toEqual(['pending']);
  });

  it('is told and left alone if nobody declared it', async () => {
    await scratch.dataSource.query('create index idx_by_hand on lamps (id, watts)');
    await invalidate('idx_by_hand');
    await migrate(dataSource, { report });
    expect(notices()).toEqual([
      expect.stringMatching(/^index idx_by_hand on public\.lamps is invalid and not declared/),
    ]);
    expect(await find('idx_by_hand')).toMatchObject({ valid: false });
  });

  it('is told if it cannot be rebuilt, and fails nothing', async () => {
    await scratch.dataSource.query('drop index idx_lamps_watts');
    await scratch.dataSource.query('create unique index idx_lamps_watts on lamps (watts)');
    await invalidate('idx_lamps_watts');
    await scratch.dataSource.query(
      `update pg_index set indisready = false, indislive = false where indexrelid = 'idx_lamps_watts'::regclass`,
    );
    await scratch.dataSource.query('insert into lamps values (1, 40), (2, 40)');
    await expect(migrate(dataSource, { report })).resolves.toEqual([]);
    expect(notices().at(-1)).toMatch(/^it is invalid and could not be rebuilt: .*rows with equal keys/);
    expect(await find('idx_lamps_watts')).toMatchObject({ valid: false });
    events = [];
    await migrate(dataSource, { report });
    expect(notices().at(-1)).toMatch(/^it is invalid and could not be rebuilt: .*rows with equal keys/);
  });
});
