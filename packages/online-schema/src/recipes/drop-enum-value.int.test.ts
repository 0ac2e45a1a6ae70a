import type { DataSource, QueryRunner } from 'typeorm';
import { createOrders, runRecipe } from '../test/orders';
import { readSchema } from '../test/read-schema';
import { openScratch, type Scratch } from '../test/scratch';
import { dropEnumValue } from './drop-enum-value';

const enumValue = { type: 'mood', value: 'away' };

describe('dropEnumValue', () => {
  let scratch: Scratch;
  let dataSource: DataSource;
  const reset = (more: readonly string[] = []) => createOrders(dataSource, more);
  const run = (recipe: (runner: QueryRunner) => Promise<void>) => runRecipe(dataSource, recipe);

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = scratch.dataSource;
  });
  afterAll(() => scratch.close());

  const withValue = `alter type mood add value 'away' after 'calm'`;

  it('refuses a value that a row has, and changes nothing', async () => {
    await reset([withValue, `update moods set many = '{away}' where id = 2`]);
    const before = await readSchema(dataSource);
    await expect(run((r) => dropEnumValue(r, enumValue))).rejects.toMatchObject({
      code: 'HOLDFAST_CONSTRAINT_VIOLATED',
      message: expect.stringContaining('public.moods have it in column many'),
    });
    expect(await readSchema(dataSource)).toEqual(before);
  });

  it('refuses to rewrite more than it may', async () => {
    await reset([withValue]);
    await expect(run((r) => dropEnumValue(r, enumValue, { maxRewriteBytes: 0 }))).rejects.toMatchObject({
      code: 'HOLDFAST_REWRITE_TOO_LARGE',
    });
    await expect(run((r) => dropEnumValue(r, enumValue, { maxRewriteBytes: -1 }))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});
