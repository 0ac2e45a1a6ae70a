import type { QueryRunner } from 'typeorm';
import { attachRun } from '../migration/run-context';
import { partitionIndexName } from '../partitions/partition-index-name';
import type { RunEvent } from '../run/run-event';
import { openScratch, type Scratch } from './scratch';
import { createVisits } from './visits';

export const PAGE = { table: 'visits', name: 'idx_visits_page', keys: ['"page"'] };
export const DOWN = { ...PAGE, keys: ['"page" DESC'] };

export const leaf = (table: string, index = PAGE) =>
  partitionIndexName({ schema: 'public', name: table }, index);
export const onLeaf = (table: string, index = PAGE) => ({ ...index, table, name: leaf(table, index) });

/** What is there when the index is complete, and was built by nobody else. */
export const complete = (index = PAGE) => [
  `${PAGE.name} on visits`,
  `${leaf('visits_2020', index)} on visits_2020, part of ${PAGE.name}`,
  `${leaf('visits_2021', index)} on visits_2021, part of ${PAGE.name}`,
  `${leaf('visits_2021_a', index)} on visits_2021_a, part of ${leaf('visits_2021', index)}`,
  `${leaf('visits_2021_b', index)} on visits_2021_b, part of ${leaf('visits_2021', index)}`,
  `${leaf('visits_2022', index)} on visits_2022, part of ${PAGE.name}`,
];

/** The tables of `createVisits`, anew for each test, and what is told on a runner of its own. */
export interface VisitsScene {
  scratch: Scratch;
  runner: QueryRunner;
  /** What was told in this test so far; emptied to look at the rest alone. */
  events: RunEvent[];
  /** The steps told so far, as `action name`. */
  steps(): string[];
  /** Of every index, by name. */
  oids(): Promise<Map<string, number>>;
}

/** Prepares the scene around the tests of the block that calls it. */
export function useVisits(): VisitsScene {
  const events: RunEvent[] = [];
  const scene = {
    events,
    steps: () => events.flatMap((event) => (event.type === 'step' ? [`${event.action} ${event.name}`] : [])),
    oids: async () => {
      const rows: { name: string; oid: number }[] = await scene.runner.query(
        `select i.relname as name, i.oid from pg_class i where i.relkind in ('i', 'I')
         and i.relnamespace = 'public'::regnamespace`,
      );
      return new Map(rows.map(({ name, oid }) => [name, oid]));
    },
  } as VisitsScene;

  beforeAll(async () => {
    scene.scratch = await openScratch();
  });
  afterAll(() => scene.scratch.close());
  beforeEach(async () => {
    events.length = 0;
    scene.runner = scene.scratch.dataSource.createQueryRunner();
    attachRun(scene.runner, { report: (event) => events.push(event) });
    await createVisits(scene.runner);
  });
  afterEach(async () => {
    await scene.runner.query('drop schema public cascade');
    await scene.runner.query('create schema public');
    await scene.runner.release();
  });
  return scene;
}
