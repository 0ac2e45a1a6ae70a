import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { judgeApiBench } from './api/api-bench-claims';
import { openContest } from './api/contenders';
import { API_BENCH_OPTIONS, type ApiBenchOptionName, readApiBenchCommand } from './api/options';
import { renderApiBench, replaceApiBench } from './api/render-api-bench';
import type { ApiBenchReport } from './api/report';
import { runWorkload } from './api/run-workload';
import { openStage } from './api/stage';
import { roundFigures } from './indexes/report';

const ABOUT = `Measures what the service costs beside fastify and node-postgres by hand, each in a process of its own, in turns, on one PostgreSQL: an event read
by its id, and an append. Then requests arrive at 80 % and at 200 % of what the service was found to do, whatever becomes of those before; it must refuse
the excess, and what it accepts may take three times as long as at 80 %. A profile says where its time goes.`;

/** Nothing is flushed: what is measured is the service, and a disk would hide it. */
const SERVER_SETTINGS = Object.freeze({ shared_buffers: '256MB', max_wal_size: '4GB' });

async function measureApi({
  options,
  signal,
  show,
  say,
}: MeasurementRun<ApiBenchOptionName>): Promise<Findings> {
  const { setting, docs, text } = readApiBenchCommand(options);
  const startedMs = performance.now();
  await using server = await openTemporaryServer({ settings: SERVER_SETTINGS, signal });
  say('Filling the database …');
  const { ids, postgres } = await openStage(server.url, setting.events);
  await using contest = await openContest(server.url, {
    ids,
    poolSize: setting.poolSize,
    keys: setting.keys,
    signal,
  });
  const run = { contest, databaseUrl: server.url, postmasterPid: server.pid, setting, signal, say };
  const workloads = { read: await runWorkload('read', run), append: await runWorkload('append', run) };
  const report: ApiBenchReport = roundFigures({
    command: text,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
      cores: cpus().length,
      node: process.versions.node,
      postgres,
    },
    seconds: Math.round((performance.now() - startedMs) / 1_000),
    setting,
    workloads,
  });
  const rendered = renderApiBench(report);
  show(rendered);
  if (docs !== undefined) {
    await writeDocs(docs, report, rendered);
    say(`Wrote api.json and page in ${resolve(docs)}`);
  }
  return { figures: { ...report }, claims: judgeApiBench(report) };
}

async function writeDocs(docs: string, report: ApiBenchReport, rendered: string): Promise<void> {
  const page = join(docs, 'benchmarks-api.md');
  await mkdir(join(docs, 'benchmarks'), { recursive: true });
  await writeFile(join(docs, 'benchmarks', 'api.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(page, replaceApiBench(await readFile(page, 'utf8'), rendered));
}

void runMeasurement({
  family: 'bench',
  name: 'api',
  about: ABOUT,
  aboutQuick: 'a second of each; ratios are only reported',
  options: API_BENCH_OPTIONS,
  run: measureApi,
});
