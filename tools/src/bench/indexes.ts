import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { withClient } from '../measurement/with-client';
import { type BenchServer, openBenchServer } from './indexes/bench-server';
import { compareSets } from './indexes/compare-sets';
import { judgeIndexes } from './indexes/index-claims';
import { measureIndexCosts } from './indexes/index-costs';
import {
  INDEX_OPTIONS,
  type IndexCommand,
  type IndexOptionName,
  readIndexCommand,
} from './indexes/index-options';
import { measureScale } from './indexes/measure-scale';
import { assembleReport, type NamedPart, writePart } from './indexes/part-files';
import { renderBenchmarks } from './indexes/render-benchmarks';
import { type Origin, roundFigures } from './indexes/report';
import { createWrittenLog } from './indexes/written-log';

const ABOUT = `Measures every query pattern of the application with its indexes, without them and with the twenty-one of the plan, built
literally, at several scales: median and 99th percentile, buffers, plan, and how the cost grows. Compares both sets: space, write-ahead
log, insert rate. Tries what each index costs to write and what dropping it costs. All on PostgreSQL servers of its own.

It must hold that every pattern is answered through its indexes, within its rows and 12 buffers for each statement, or what its contract allows;
that it costs no more as the data grows unless its contract says why; that it touches at most 1.1 times the buffers that it touches with the literal
set, and a hundredth where that set does not serve it; and that events are inserted 1.1 times as fast as with that, into
indexes of 0.9 times the size. A full run takes about half an hour and 20 GB of disk; --parts and --events make one part after the other.`;

async function measureIndexes({
  options,
  signal,
  show,
  say,
}: MeasurementRun<IndexOptionName>): Promise<Findings> {
  const command = readIndexCommand(options);
  const { parts, docs } = command;
  const made: NamedPart[] = [];
  let report = assembleReport(made);
  const keep = async (part: NamedPart): Promise<void> => {
    made.push(part);
    report = docs === undefined ? assembleReport(made) : await writePart(docs, part);
    if (docs !== undefined) say(`Wrote ${part.name}.json, plots and page in ${resolve(docs)}`);
  };
  const stamp = createStamp(command, signal);
  for (const events of parts.has('patterns') ? command.scales : []) {
    const part = await stamp(() => measureScale(events, { ...command, signal, say }));
    await keep({ name: `indexes-${events}`, part });
  }
  if (parts.has('sets')) {
    await keep({ name: 'indexes-sets', part: await stamp(() => measureSets(command.sets, signal, say)) });
  }
  if (parts.has('ledger')) {
    await keep({ name: 'indexes-ledger', part: await stamp(() => measureLedger(command, signal, say)) });
  }
  show(renderBenchmarks(report));
  return { figures: { ...report }, claims: judgeIndexes(report) };
}

async function measureSets(events: number, signal: AbortSignal, say: (line: string) => void) {
  await using server = await openBenchServer(signal);
  say(`Writing ${events} events with each set of indexes …`);
  return await compareSets(server, await createWrittenLog(server, events, signal), signal);
}

async function measureLedger(
  { ledger, stretches }: IndexCommand,
  signal: AbortSignal,
  say: (line: string) => void,
) {
  await using server = await openBenchServer(signal);
  say(`Writing ${ledger} events for the ledger …`);
  const log = await createWrittenLog(server, ledger, signal);
  return { events: ledger, costs: await measureIndexCosts(server, log, { signal, say, stretches }) };
}

/** Adds to figures what made them. */
function createStamp({ text }: IndexCommand, signal: AbortSignal) {
  let postgres: string | undefined;
  return async <T extends object>(measure: () => Promise<T>): Promise<Origin & T> => {
    postgres ??= await readPostgresVersion(signal);
    const startedMs = performance.now();
    const figures = await measure();
    const machine = {
      cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
      cores: cpus().length,
      memoryBytes: totalmem(),
      node: process.versions.node,
      postgres,
    };
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    return roundFigures({ command: text, machine, seconds, ...figures });
  };
}

async function readPostgresVersion(signal: AbortSignal): Promise<string> {
  await using server: BenchServer = await openBenchServer(signal);
  const { rows } = await withClient(server.url, (client) =>
    client.query<{ version: string }>(
      `select split_part(current_setting('server_version'), ' ', 1) as version`,
    ),
  );
  return rows[0]?.version ?? 'unknown';
}

void runMeasurement({
  family: 'bench',
  name: 'indexes',
  about: ABOUT,
  aboutQuick: 'fewer events and rounds; ratios of times are only reported',
  options: INDEX_OPTIONS,
  run: measureIndexes,
});
