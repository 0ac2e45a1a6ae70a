import { cpus } from 'node:os';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { watchCollections } from './collections';
import { findInactivity } from './resilience/activity';
import { judgeResilience } from './resilience/claims';
import { BARE } from './resilience/contender';
import { measureFailureRecording } from './resilience/failure-recording';
import { HOLDFAST_FOUR } from './resilience/holdfast';
import { readLibraryVersion } from './resilience/library-versions';
import { LIBRARIES, SHAPES } from './resilience/line-up';
import { measureNoOp } from './resilience/no-op';
import { renderTables } from './resilience/render-report';
import { COCKATIEL_FOUR, OPOSSUM } from './resilience/rivals';
import { measureSelectOne } from './resilience/select-one';

const ABOUT = `Measures what the policies of packages/resilience cost, beside cockatiel, opossum and p-retry, in one process and in turns:
around an operation that does nothing (time and bytes), around select 1 on a PostgreSQL of its own, and for one failure
when many calls are in the window of a breaker.

It must hold that retry, circuit breaker, bulkhead and timeout together are at least 20 times as fast as cockatiel's and
no slower than opossum, cost at most 8 times a bare await and 500 bytes, and make select 1 at most 1.1 times as slow;
that a failure costs the same however full the window is; and that every library does what it is measured for.`;

async function measureResilience({
  options: { quick },
  signal,
  show,
  say,
}: MeasurementRun): Promise<Findings> {
  using collections = await watchCollections();
  const options = { quick, signal, collections };
  say('Measuring an operation that does nothing …');
  const libraries = await measureNoOp(LIBRARIES, options);
  say('Measuring select 1 …');
  const { postgres, ...selectOne } = await measureSelectOne(options);
  say('Measuring Holdfast in all its shapes …');
  const shapes = await measureNoOp(SHAPES, options);
  say('Measuring failures …');
  const failures = await measureFailureRecording(options);
  say('Seeing to it that every contender does what it is measured for …');
  // Last: whatever fails here teaches the engine paths that no good call takes.
  const inactivity = await findAllInactivity(signal);
  const { text, facts } = describeSetting(postgres);
  show(text);
  for (const table of renderTables({ libraries, selectOne, shapes, failures })) show(table);
  return {
    figures: {
      setting: facts,
      libraries: libraries.rows,
      selectOne: selectOne.rows,
      shapes: shapes.rows,
      failures,
    },
    claims: judgeResilience({
      inactivity,
      mistakes: [libraries, selectOne, shapes].flatMap(({ mistakes }) => mistakes),
      cockatielTimes: libraries.ratio(HOLDFAST_FOUR, COCKATIEL_FOUR),
      opossumTimes: libraries.ratio(HOLDFAST_FOUR, OPOSSUM),
      timesBare: libraries.ratio(BARE, HOLDFAST_FOUR),
      netBytes: libraries.netBytes(HOLDFAST_FOUR),
      timesSelectOne: selectOne.ratio(BARE, HOLDFAST_FOUR),
      growths: failures
        .filter(({ isOwn }) => isOwn)
        .map(({ name, growth }) => ({ name, times: growth.median })),
    }),
  };
}

async function findAllInactivity(signal: AbortSignal): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const contender of new Set([...LIBRARIES, ...SHAPES])) {
    signal.throwIfAborted();
    problems.push(...(await findInactivity(contender)));
  }
  return problems;
}

function describeSetting(postgres: string) {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const libraries = Object.fromEntries(
    ['cockatiel', 'opossum', 'p-retry', 'pg'].map((name) => [name, readLibraryVersion(name)]),
  );
  const { node } = process.versions;
  const versions = Object.entries({ Node: node, ...libraries, PostgreSQL: postgres });
  return {
    facts: { node, cpu, postgres, libraries },
    text: `${versions.map((pair) => pair.join(' ')).join(', ')}, on ${cpu}`,
  };
}

void runMeasurement({
  family: 'bench',
  name: 'resilience',
  about: ABOUT,
  aboutQuick: 'fewer and shorter rounds; figures are only reported, correctness still decides',
  options: {},
  run: measureResilience,
});
