import { type Column, renderTable } from '../../measurement/table';
import { renderCount } from '../line-chart';
import type { ApiFigures, RestartFigures } from './api-claims';
import { CALL_KINDS, type Call } from './call';
import type { Setting } from './setting';

/** What is done, for people. */
export function renderSetting(setting: Setting, version: number): string {
  const { clients, naiveClients, loadMs, restarts, downMs, lostAnswers, commitWaitMs, seed } = setting;
  return [
    `The service, a process of its own on PostgreSQL ${version}, whose commits wait ${commitWaitMs} ms for their disk. For ${loadMs / 1_000} s ${clients} clients create, change,`,
    `append and read, and ${naiveClients} more append without a key, again where it fails. Meanwhile the server is ended ${restarts} times, by a fast stop and`,
    `kill -9 in turns, and started again after ${downMs / 1_000} s; right before, the answers of ${lostAnswers} commits are lost. Seed ${seed}.`,
  ].join('\n');
}

interface KindRow {
  readonly kind: string;
  readonly calls: readonly Call[];
}

const count = (calls: readonly Call[], ending: Call['ending']): string =>
  renderCount(calls.filter((call) => call.ending === ending).length);

const KINDS: readonly Column<KindRow>[] = [
  { title: 'write', align: 'left', render: ({ kind }) => kind },
  { title: 'done', render: ({ calls }) => count(calls, 'done') },
  { title: 'refused', render: ({ calls }) => count(calls, 'refused') },
  { title: 'unknown', render: ({ calls }) => count(calls, 'unknown') },
  {
    title: 'sent\nagain',
    render: ({ calls }) => renderCount(calls.filter(({ attempts }) => attempts > 1).length),
  },
];

const RESTARTS: readonly Column<RestartFigures>[] = [
  { title: 'server ended by', align: 'left', render: ({ way }) => way },
  { title: 'down, ms', render: ({ downMs }) => renderCount(Math.round(downMs)) },
  { title: 'service back\nafter, ms', render: ({ backMs }) => renderCount(Math.round(backMs)) },
];

/** What clients asked for, the restarts, and what the service answered. */
export function renderRun(
  calls: readonly Call[],
  { restarts, answers, reads, lostAnswers }: ApiFigures,
): readonly string[] {
  const rows = CALL_KINDS.map((kind) => ({ kind, calls: calls.filter((call) => call.kind === kind) }));
  const statuses = Object.entries(answers.byStatus).map(([status, n]) => `${status}: ${renderCount(n)}`);
  return [
    renderTable('What clients were told of their writes', KINDS, rows),
    renderTable('Restarts', RESTARTS, restarts),
    `Answers by status: ${statuses.join(', ')}; without an answer: ${answers.lost}. Commits of which the service heard nothing: ${lostAnswers}. Reads of what was acknowledged: ${renderCount(reads)}.`,
    LEGEND,
  ];
}

const LEGEND = [
  'create        with an idempotency key for the request, sent until it is answered',
  'update        if-match with the version that was seen last, sent once',
  'append        at an expected version, with an idempotency key for each event, sent until it is answered',
  'append-once   the same with a key for the request',
  'naive         appended without a key, and again at the version that is read then, until it is answered: the control',
  'service back  from the first connection that the server takes until an event has been appended and read through the service',
].join('\n');
