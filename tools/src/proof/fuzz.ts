import { createDataSource } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { openServiceProcess } from '../service/service-process';
import { FAULTS, openFixedService, SOUND } from './fuzz/broken-services';
import { collectComplaints } from './fuzz/complaints';
import { Connection } from './fuzz/connection';
import type { RequestSource } from './fuzz/draw-request';
import { findPages } from './fuzz/find-pages';
import { judgeFuzz } from './fuzz/fuzz-claims';
import { inspectService } from './fuzz/inspect-service';
import { createJudge, type Judge } from './fuzz/judge-answer';
import { loadInvitations, loadThings } from './fuzz/load-things';
import { listOperations, type OpenapiDocument } from './fuzz/openapi';
import { FUZZ_OPTIONS, type FuzzOptionName, readFuzzOptions } from './fuzz/options';
import { provideAccess } from './fuzz/provide-access';
import { renderCounts, renderFindings, renderLabels } from './fuzz/report';
import { runRequests } from './fuzz/run-requests';
import type { Setting } from './fuzz/setting';

const ABOUT = `Shows, on a PostgreSQL of its own, that no request makes the service fail: requests that its OpenAPI document allows, and
such that are broken in their path, headers, body or framing, or are no HTTP. Every answer has to be one that the document names, by
status, media type and schema; the service goes on, complains of nothing, and holds nothing afterwards.`;

const SERVICE_VARIABLES = Object.freeze({ DATABASE_POOL_MAX: '8' });
const REPORT_EVERY = 4_000;

/** Sends the requests, and judges what the service makes of them. */
async function prove({ options, signal, show, say }: MeasurementRun<FuzzOptionName>): Promise<Findings> {
  const setting = readFuzzOptions(options);
  await using server = await openTemporaryServer({ signal });
  const { variables, ...things } = await prepareDatabase(server.url);
  const complaints = collectComplaints();
  await using service = await openServiceProcess(server.url, {
    variables: { ...SERVICE_VARIABLES, ...variables },
    signal,
    ...complaints,
  });
  const { address } = service;
  const port = Number(new URL(address).port);
  const document = (await (await fetch(`${address}/docs/json`)).json()) as OpenapiDocument;
  const operations = listOperations(document);
  const first = { document, operations, seed: setting.seed };
  const known = { ...things, pages: [] };
  const pages = await listPages({ ...first, known }, port, setting);
  const source = { ...first, known: { ...known, pages } };
  const judge = createJudge(document, operations);
  show(
    `${setting.requests} requests to ${operations.length} operations over ${setting.connections} connections, on PostgreSQL ${server.version}. Seed ${setting.seed}.`,
  );
  say('Sending requests …');
  const run = await runRequests(source, judge, {
    ...setting,
    port,
    signal,
    report: (done) => done % REPORT_EVERY === 0 && say(`${done} requests …`),
  });
  show(renderCounts(run.counts));
  show(renderLabels(run));
  if (run.findings.length > 0) show(renderFindings(run.findings));
  say('Looking at what remains …');
  const remains = await inspectService(address, server.url, signal);
  const hasEnded = service.hasEnded();
  complaints.noteStop();
  const stopFailure = await service.stop().then(() => undefined, String);
  say('Sending requests to services that are broken on purpose …');
  const controls = await runControls(source, judge, setting, signal);
  const claims = judgeFuzz(
    { run, operations, complaints, hasEnded, stopFailure, remains, controls },
    setting,
  );
  const { findings, answers, requests, counts } = run;
  return {
    figures: {
      setting,
      postgres: server.version,
      ...{ requests, answers, findings, controls },
      counts: Object.fromEntries(
        [...counts].map(([route, byStatus]) => [route, Object.fromEntries(byStatus)]),
      ),
    },
    claims,
  };
}

async function prepareDatabase(url: string) {
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    await migrate(dataSource);
    const things = await loadThings(dataSource);
    const { organizations = [], memberships = [] } = things.ids;
    const [organizationId = '', ...others] = organizations;
    const access = await provideAccess(dataSource, organizationId);
    const invitations = await loadInvitations(dataSource, others);
    return {
      ...things,
      ids: { ...things.ids, memberships: [...memberships, ...invitations] },
      ...access,
    };
  } finally {
    await dataSource.destroy();
  }
}

async function listPages(source: RequestSource, port: number, setting: Setting) {
  const connection = new Connection(port, setting);
  try {
    return await findPages(source, connection);
  } finally {
    connection.close();
  }
}

/** How many findings there are in each service that answers in one way only. */
async function runControls(
  source: RequestSource,
  judge: Judge,
  { controlRequests: requests, ...setting }: Setting,
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const controls: Record<string, number> = {};
  for (const [name, respond] of Object.entries({ sound: SOUND, ...FAULTS })) {
    await using service = await openFixedService(respond);
    const { findings } = await runRequests(source, judge, {
      ...setting,
      requests,
      port: service.port,
      signal,
    });
    controls[name] = findings.length;
  }
  return controls;
}

void runMeasurement({
  family: 'proof',
  name: 'fuzz',
  about: ABOUT,
  aboutQuick: 'fewer requests; every claim still decides',
  options: FUZZ_OPTIONS,
  run: prove,
});
