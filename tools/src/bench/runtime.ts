import { openTemporaryServer } from '@holdfast/local-postgres';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { BULK } from './runtime/bulk';
import { judgeRuntime } from './runtime/claims';
import type { Comparison } from './runtime/comparison';
import { type Comparisons, compareAll, POOL_SIZE } from './runtime/comparisons';
import { listExcessTraffic } from './runtime/excess-traffic';
import { FULL_EXTENTS, QUICK_EXTENTS } from './runtime/extents';
import { LEDGER } from './runtime/layers';
import { LOOK_UP } from './runtime/look-ups';
import { renderTables } from './runtime/render-report';
import { createTables } from './runtime/schema';
import { readSetting, renderSetting } from './runtime/setting';
import { countTraffic } from './runtime/traffic';
import { TRANSACTION } from './runtime/transactions';

const ABOUT = `Measures packages/postgres beside node-postgres used by hand and plain TypeORM, on a PostgreSQL of its own, in one
process and in turns: lookups by primary key, the insertion of 1,000 rows, transactions, the pool; and counts what they
send. All pools are of the same size, and all ways are seen to give the same results.

It must hold for one caller, in processor time of client and server together, that dataSource.query takes at most 1.15
times what a named statement by hand takes, and a unit of work at most 1.1 times what the same transaction by hand takes;
that findOneBy is at least 1.3 times, insertMany 2 times and copyIn 2.5 times as fast as on plain TypeORM; and that a
lookup is one round trip and a unit of work of two statements four, without a Parse.`;

async function measureRuntime({ options: { quick }, signal, show, say }: MeasurementRun): Promise<Findings> {
  await using server = await openTemporaryServer({ signal });
  await createTables(server.url, LEDGER.createStatement);
  say('Counting what operations send …');
  const traffic = await countTraffic(server, signal);
  await createTables(server.url, LEDGER.createStatement);
  const extents = quick ? QUICK_EXTENTS : FULL_EXTENTS;
  const comparisons = await compareAll(server, { extents, signal, say });
  const setting = await readSetting(server.url, POOL_SIZE);
  show(renderSetting(setting));
  for (const table of renderTables(comparisons, traffic)) show(table);
  const { alone, crowded, misapplied } = comparisons;
  const { lookUps, bulk, transactions } = alone[0];
  return {
    figures: {
      setting,
      alone: alone.map(({ placement, ...measured }) => ({ placement, ...keepRows(measured) })),
      crowded: keepRows({ ...crowded }),
      traffic,
    },
    claims: judgeRuntime({
      mistakes: listMistakes(comparisons),
      misapplied,
      excessTraffic: listExcessTraffic(traffic),
      timesNamed: lookUps.ratio(LOOK_UP.pgNamed, LOOK_UP.holdfastQuery),
      findTimes: lookUps.ratio(LOOK_UP.holdfastFind, LOOK_UP.typeormFind),
      insertManyTimes: bulk.ratio(BULK.insertMany, BULK.typeorm),
      copyInTimes: bulk.ratio(BULK.copyIn, BULK.typeorm),
      timesByHand: transactions.ratio(TRANSACTION.pgUnnamed, TRANSACTION.holdfast),
    }),
  };
}

function keepRows(measured: Readonly<Record<string, Comparison>>) {
  return Object.fromEntries(Object.entries(measured).map(([name, { rows }]) => [name, rows]));
}

function listMistakes({ alone, crowded }: Comparisons): readonly string[] {
  const all = [
    ...alone.flatMap(({ lookUps, bulk, transactions }) => [lookUps, bulk, transactions]),
    crowded.lookUps,
    crowded.transactions,
    crowded.oneTick,
    crowded.acquisitions,
  ];
  return all.flatMap(({ mistakes }) => mistakes);
}

void runMeasurement({
  family: 'bench',
  name: 'runtime',
  about: ABOUT,
  aboutQuick: 'fewer and shorter rounds; figures are only reported, correctness still decides',
  options: {},
  run: measureRuntime,
});
