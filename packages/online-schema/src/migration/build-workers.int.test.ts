import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { ensureIndex } from './ensure-index';

const SETTING = 'max_parallel_maintenance_workers';

/** An expression that says, while its index is built, with how many workers that is done. */
const TELL = `
  create table things (id integer);
  insert into things values (1);
  create function tell(integer) returns integer immutable language plpgsql as $$
    begin raise notice 'workers: %', current_setting('${SETTING}'); return $1; end $$`;

describe('workers of a build', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let told: string[];

  beforeEach(async () => {
    scratch = await openScratch();
    told = [];
    await scratch.dataSource.query(TELL);
  });
  afterEach(async () => {
    await runner?.release();
    await scratch.close();
  });

  async function connect(dataSource = scratch.dataSource): Promise<void> {
    runner = dataSource.createQueryRunner();
    const client = await runner.connect();
    client.on('notice', ({ message }: { message: string }) => told.push(message));
  }
  const build = (name: string) => ensureIndex(runner, { table: 'things', name, keys: ['tell(id)'] });
  const shown = async (): Promise<string> => (await runner.query(`show ${SETTING}`))[0][SETTING];

  it('are none where nobody has said how many, in every build of a session, and are allowed again after it', async () => {
    await connect();
    expect(await shown()).toBe('2');
    await build('first');
    await build('second');
    expect(new Set(told)).toEqual(new Set(['workers: 0']));
    expect(await shown()).toBe('2');
  });

  it.each(['database', 'session'])('are as many as was said for the %s', async (whose) => {
    if (whose === 'database') {
      const [{ name }] = await scratch.dataSource.query('select quote_ident(current_database()) as name');
      await scratch.dataSource.query(`alter database ${name} set ${SETTING} = 3`);
      await connect(await scratch.open());
    } else {
      await connect();
      await runner.query(`set ${SETTING} = 3`);
    }
    await build('first');
    expect(new Set(told)).toEqual(new Set(['workers: 3']));
    expect(await shown()).toBe('3');
    if (whose === 'session') await runner.query(`reset ${SETTING}`);
  });
});
