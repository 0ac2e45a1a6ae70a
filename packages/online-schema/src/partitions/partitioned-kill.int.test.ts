import type { QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { attachRun } from '../migration/run-context';
import { cutSession, type Moment } from '../test/cut-session';
import { openScratch, type Scratch } from '../test/scratch';
import { createVisits, readTree } from '../test/visits';

const PAGE = { table: 'visits', name: 'idx_visits_page', keys: ['"page"'] };
const DOWN = { ...PAGE, keys: ['"page" DESC'] };
const MOMENTS: readonly Moment[] = ['before', 'during', 'after'];

// Each place costs two runs, which a busy machine makes long.
jest.setTimeout(180_000);

describe('a run that is killed', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
  });

  afterAll(() => scratch.close());

  const withRunner = async <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> => {
    const runner = scratch.dataSource.createQueryRunner();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  };
  const reset = () =>
    withRunner(async (runner) => {
      await runner.query('drop schema public cascade');
      await runner.query('create schema public');
      await createVisits(runner);
    });

  /** Runs the work with its session cut at every place it has; after each, a second run ends as an uncut one does. */
  const cutEverywhere = async (
    moment: Moment,
    prepare: (runner: QueryRunner) => Promise<void>,
    work: (runner: QueryRunner) => Promise<void>,
  ): Promise<{ readonly cuts: number; readonly untidy: number }> => {
    await reset();
    await withRunner(prepare);
    await withRunner(work);
    const expected = await withRunner(readTree);
    let cuts = 0;
    let untidy = 0;
    for (let at = 0; ; at++) {
      await reset();
      await withRunner(prepare);
      const runner = scratch.dataSource.createQueryRunner();
      attachRun(runner, { report: () => undefined });
      const cut = await cutSession(scratch.dataSource, runner, at, moment);
      const failure = await work(runner).then(
        () => undefined,
        (error: unknown) => error,
      );
      await runner.release().catch(() => undefined);
      if (!cut.done) {
        if (failure !== undefined) throw failure;
        if (at >= cut.statements) return { cuts, untidy };
        continue;
      }
      cuts++;
      if ((await withRunner(readTree)).join('\n') !== expected.join('\n')) untidy++;
      await withRunner(work);
      expect(await withRunner(readTree)).toEqual(expected);
    }
  };

  it.each(MOMENTS)('%s any statement of a build is completed by the next one', async (moment) => {
    const { cuts, untidy } = await cutEverywhere(
      moment,
      async () => undefined,
      (runner) => ensureIndex(runner, PAGE),
    );
    expect(cuts).toBeGreaterThanOrEqual(moment === 'during' ? 4 : 11);
    // The control: without the second run the index is not there, or not whole.
    expect(untidy).toBeGreaterThanOrEqual(cuts - 1);
  });

  it.each(['before', 'during'] as const)(
    '%s any statement of a replacement is completed by the next one',
    async (moment) => {
      const { cuts } = await cutEverywhere(
        moment,
        (runner) => ensureIndex(runner, PAGE),
        (runner) => ensureIndex(runner, DOWN),
      );
      expect(cuts).toBeGreaterThanOrEqual(moment === 'during' ? 4 : 14);
    },
  );

  it.each(['before', 'after'] as const)(
    '%s any statement of a drop is completed by the next one',
    async (moment) => {
      const { cuts } = await cutEverywhere(
        moment,
        async (runner) => {
          await ensureIndex(runner, PAGE);
        },
        (runner) => dropIndex(runner, PAGE),
      );
      expect(cuts).toBe(1);
    },
  );

  it('during a build leaves nothing that a revert does not take away', async () => {
    let cuts = 0;
    for (let at = 0, statements = 1; at < statements; at++) {
      await reset();
      const runner = scratch.dataSource.createQueryRunner();
      attachRun(runner, { report: () => undefined });
      const cut = await cutSession(scratch.dataSource, runner, at, 'during');
      await ensureIndex(runner, PAGE).catch(() => undefined);
      await runner.release().catch(() => undefined);
      statements = cut.done ? at + 2 : cut.statements;
      if (!cut.done) continue;
      cuts++;
      await withRunner((again) => dropIndex(again, PAGE));
      expect(await withRunner(readTree)).toEqual([]);
    }
    expect(cuts).toBe(4);
  });
});
