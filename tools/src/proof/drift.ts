import { openTemporaryServer, type PostgresVersion, postgresVersions } from '@holdfast/local-postgres';
import { findDrift } from '@holdfast/online-schema';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { renderTable } from '../measurement/table';
import { type DriftRun, isRight, judgeDrift, renderFindings } from './drift/drift-claims';
import type { Mutation } from './drift/mutation';
import { MUTATIONS } from './drift/mutations';
import { SHAPE_COUNT } from './drift/shapes';
import { openStage, type Stage, withEntities } from './drift/stage';
import { type Trial, tryMutation } from './drift/try-mutation';

const ABOUT = `Shows, on PostgreSQL servers of its own, that every single change to a real catalog is reported once and rightly, that
indexes built in other words than declared are no drift, and that generate and migrate leave none.`;

/** With `--quick`, one mutation in so many is tried, and those on one server. */
const QUICK_STRIDE = 5;

/** Trials at a time: most of each is waiting. */
const SIDE_BY_SIDE = 4;

/** Changes clones of one catalog one by one, on each version of the server. */
async function prove({ options: { quick }, signal, show, say }: MeasurementRun): Promise<Findings> {
  const runs: DriftRun[] = [];
  const chosen = MUTATIONS.filter((_, at) => !quick || at % QUICK_STRIDE === 0);
  for (const version of postgresVersions) {
    const mutations = quick && version !== postgresVersions[0] ? chosen.slice(0, 3) : chosen;
    runs.push(await proveOn(version, mutations, signal, say));
  }
  for (const run of runs) show(renderTrials(run));
  return {
    figures: {
      runs: runs.map(({ version, shapes, falseAlarms, trials }) => ({
        version,
        shapes,
        falseAlarms,
        trials: trials.map((trial) => ({
          mutation: trial.mutation.what,
          reported: renderFindings(trial),
          right: isRight(trial),
          typeOrmStatements: trial.typeOrmStatements,
          left: trial.left,
        })),
      })),
    },
    claims: judgeDrift(runs, { mutations: quick ? 3 : 40 }),
  };
}

async function proveOn(
  version: PostgresVersion,
  mutations: readonly Mutation[],
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<DriftRun> {
  await using server = await openTemporaryServer({ version, signal });
  const stage = await openStage(server);
  say(`PostgreSQL ${version}: looking at ${SHAPE_COUNT} shapes, then at ${mutations.length} mutations …`);
  const falseAlarms = await findFalseAlarms(stage);
  const trials: Trial[] = [];
  for (let at = 0; at < mutations.length; at += SIDE_BY_SIDE) {
    signal.throwIfAborted();
    const group = mutations.slice(at, at + SIDE_BY_SIDE);
    trials.push(...(await Promise.all(group.map((mutation) => tryMutation(stage, mutation)))));
  }
  return { version, shapes: SHAPE_COUNT, falseAlarms, trials };
}

async function findFalseAlarms(stage: Stage): Promise<string[]> {
  const { findings } = await stage.withDatabase((url) => withEntities(url, [], findDrift));
  return findings.map(({ kind, name, reason }) => `${kind} ${name} (${reason})`);
}

function renderTrials({ version, trials }: DriftRun): string {
  return renderTable<Trial>(
    `PostgreSQL ${version}: what was changed, and what was reported`,
    [
      { title: 'changed', render: ({ mutation }) => mutation.what, align: 'left' },
      { title: 'reported', render: renderFindings, align: 'left' },
      { title: 'right', render: (trial) => (isRight(trial) ? 'yes' : 'NO'), align: 'left' },
      { title: 'TypeORM', render: ({ typeOrmStatements: count }) => (count === 0 ? 'nothing' : `${count}`) },
      {
        title: 'after generate\nand migrate',
        render: ({ left }) => (left === undefined ? 'a person' : left.join(', ') || 'none'),
        align: 'left',
      },
    ],
    trials,
  );
}

void runMeasurement({
  family: 'proof',
  name: 'drift',
  about: ABOUT,
  aboutQuick: 'one mutation in five, and three on the other server; every claim still decides',
  options: {},
  run: prove,
});
