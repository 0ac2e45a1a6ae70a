import { createDataSource } from '@holdfast/db';
import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { openServiceProcess } from '../service/service-process';
import { type AnswerLosses, loseAnswers } from './api/answer-losses';
import { type ApiFigures, judgeApi } from './api/api-claims';
import { auditCalls } from './api/audit';
import { openBooks, readBooks } from './api/books';
import type { Call } from './api/call';
import { type AnswerCounts, createHttpClient } from './api/http-client';
import { API_OPTIONS, type ApiOptionName, readApiOptions } from './api/options';
import { type Look, measureReturn, watchLiveness, watchService } from './api/probes';
import { renderRun, renderSetting } from './api/report';
import { type Restart, runRestarts } from './api/restarts';
import { runClients } from './api/run-clients';
import type { Setting } from './api/setting';

const ABOUT = `Shows, on a PostgreSQL of its own that is restarted again and again under mixed load, that the service loses no write that it has
acknowledged and applies none twice, says when to come back, is back soon after its server, and stays alive all the while.`;

/** What is acknowledged is on disk: the server may be killed. A commit waits, so that a fault finds some in the middle. */
const serverSettings = ({ commitWaitMs }: Setting) => ({
  fsync: true,
  full_page_writes: true,
  commit_delay: commitWaitMs * 1_000,
  commit_siblings: 0,
});

/**
 * A connection for each client: what waits for a connection is not at its COMMIT when the server ends. All of them have one address,
 * and are no single client.
 */
const VARIABLES = Object.freeze({ DATABASE_POOL_MAX: '48', CLIENT_RATE: '0' });

async function prove({ options, signal, show, say }: MeasurementRun<ApiOptionName>): Promise<Findings> {
  const setting = readApiOptions(options);
  await using server = await openTemporaryServer({ settings: serverSettings(setting), signal });
  await prepare(server.url);
  show(renderSetting(setting, server.version));
  await using proxy = await openProxy(server);
  const losses = loseAnswers(proxy);
  const url = proxy.urlThrough(server.url);
  await using service = await openServiceProcess(url, { signal, variables: VARIABLES });
  const answers: AnswerCounts = { byStatus: {}, lost: 0, faults: [] };
  const send = createHttpClient({ address: service.address, ...service.credentials }, answers);
  const watching = new AbortController();
  const liveness = watchLiveness(send, watching.signal);
  const looks = watchService(send, watching.signal);
  let course: {
    readonly records: Awaited<ReturnType<typeof runClients>>;
    readonly restarts: readonly Restart[];
  };
  try {
    say('Asking, and restarting the server …');
    course = await runCourse(send, { server, losses }, setting, signal);
  } finally {
    watching.abort();
    await Promise.all([liveness, looks]);
  }
  const { records, restarts } = course;
  const books = await readBooks(server.url);
  const figures: ApiFigures = {
    restarts: describeRestarts(restarts, await looks),
    endings: countEndings(records.calls),
    reads: records.reads,
    lostAnswers: losses.count,
    vanished: records.vanished,
    answers,
    audit: auditCalls(records.calls, books),
    brokenStreams: books.brokenStreams,
    liveness: describeLiveness(await liveness),
  };
  for (const block of renderRun(records.calls, figures)) show(block);
  return { figures: { setting, postgres: server.version, ...figures }, claims: judgeApi(figures, setting) };
}

async function prepare(url: string): Promise<void> {
  const dataSource = await createDataSource('test', { DATABASE_URL: url }).initialize();
  try {
    await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
  await openBooks(url);
}

/** Both are waited for, also when one of them fails: the server must be there for whatever still asks. */
async function runCourse(
  send: ReturnType<typeof createHttpClient>,
  { server, losses }: { readonly server: TemporaryServer; readonly losses: AnswerLosses },
  setting: Setting,
  signal: AbortSignal,
) {
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const fail = (error: unknown): never => {
    failing.abort(error);
    throw error;
  };
  const [records, restarts] = await Promise.allSettled([
    runClients(send, setting, either).catch(fail),
    runRestarts(server, losses, setting, either).catch(fail),
  ]);
  signal.throwIfAborted();
  failing.signal.throwIfAborted();
  if (records.status === 'rejected') throw records.reason;
  if (restarts.status === 'rejected') throw restarts.reason;
  return { records: records.value, restarts: restarts.value };
}

function describeRestarts(restarts: readonly Restart[], looks: readonly Look[]): ApiFigures['restarts'] {
  return restarts.map(({ way, downAtMs, upAtMs }) => ({
    way,
    downMs: upAtMs - downAtMs,
    backMs: measureReturn(looks, upAtMs),
  }));
}

function countEndings(calls: readonly Call[]): ApiFigures['endings'] {
  const count = (ending: Call['ending']) =>
    calls.filter((call) => call.kind !== 'naive' && call.ending === ending).length;
  return { done: count('done'), refused: count('refused'), unknown: count('unknown') };
}

function describeLiveness(looks: readonly Look[]): ApiFigures['liveness'] {
  return {
    looks: looks.length,
    bad: looks.filter(({ isGood }) => !isGood).length,
    slowestMs: Math.max(0, ...looks.map(({ startedMs, endedMs }) => endedMs - startedMs)),
  };
}

void runMeasurement({
  family: 'proof',
  name: 'api',
  about: ABOUT,
  aboutQuick: '15 s and two restarts; how soon the service is back is only reported',
  options: API_OPTIONS,
  run: prove,
});
