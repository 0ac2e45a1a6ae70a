import { CIRCUIT_BREAKER_DEFAULTS } from '@holdfast/resilience';
import { type Column, renderTable } from '../../measurement/table';
import { renderCount } from '../line-chart';
import type { Figures } from './figures';
import type { OutageFigures } from './outage-claims';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios';
import { type OutageKind, readNormalLoad, type Setting } from './setting';

const OUTAGES = {
  refused: 'calls in flight are reset, connections are refused at once',
  'black-hole': 'calls hang until their client gives them up',
} as const satisfies Record<OutageKind, string>;

/** What is simulated, for people. */
export function renderSetting(setting: Setting): string {
  const load = readNormalLoad(setting);
  const { processes, clients, capacityRatio, latencyMs, backlogMs, timeoutMs, seed } = setting;
  const { healthySeconds, outageSeconds, recoverySeconds } = setting;
  return [
    `${renderCount(clients)} clients in ${renderCount(processes)} processes issue ${renderCount(load)} requests per second, at random times, answered or not.`,
    'Policies have the defaults of @holdfast/resilience; each process has a budget and a breaker of its own.',
    `The dependency serves ${renderCount(load * capacityRatio)} calls per second at most, in ${latencyMs} ms on average; ${backlogMs} ms of work may wait,`,
    `the rest is refused. Clients give a call up after ${timeoutMs} ms, and retry that too.`,
    `It is up for ${healthySeconds} s, down for ${outageSeconds} s, and up for ${recoverySeconds} s. Seed ${seed}.`,
  ].join('\n');
}

interface Row {
  readonly title: string;
  readonly figures: Figures;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: '', align: 'left', render: ({ title }) => title },
  { title: 'calls per\nrequest', render: ({ figures }) => figures.amplification.toFixed(2) },
  { title: 'busiest\nsecond', render: ({ figures }) => `${renderCount(figures.peakCallsPerSecond)}/s` },
  { title: 'first second\nafter', render: ({ figures }) => `${figures.firstSecondRatio.toFixed(2)} ×` },
  { title: 'busiest second\nafter', render: ({ figures }) => `${figures.busiestSecondRatio.toFixed(2)} ×` },
  { title: 'served\nagain after', render: ({ figures }) => renderRecovery(figures) },
  { title: 'requests\nfailed', render: ({ figures }) => renderFailed(figures) },
];

/** One kind of outage: a line for each scenario. */
export function renderOutage(outage: OutageKind, figures: OutageFigures): string {
  const rows = SCENARIO_NAMES.map((name) => ({ title: SCENARIOS[name].title, figures: figures[name] }));
  return renderTable(`${outage}: ${OUTAGES[outage]}`, COLUMNS, rows);
}

function renderRecovery({ recoverySeconds }: Figures): string {
  return recoverySeconds === undefined ? 'never' : `${recoverySeconds} s`;
}

function renderFailed({ failedRequests, requests }: Figures): string {
  return `${((failedRequests / requests) * 100).toFixed(1)} %`;
}

/** What the columns mean. */
export function renderLegend({ patienceMs, outageSeconds }: Setting): string {
  return [
    'calls per request   calls that arrived at the dependency while it was down ÷ requests that were issued meanwhile;',
    '                    retries of requests from before count, retries that arrive after it do not',
    'busiest second      most calls that arrived in one second of the whole run',
    'first second after, busiest second after',
    '                    calls that arrived in that second after the outage ÷ normal load; a breaker that is still open',
    '                    then lets nothing through, so the first second alone would say nothing',
    'served again after  from when on, of the requests issued in each second, 99 % are served within',
    `                    ${patienceMs} ms; a breaker notices at its next trial, up to ${CIRCUIT_BREAKER_DEFAULTS.maxBreakMs / 1000} s later`,
    `requests failed     of all requests of the run; nothing can be served in the ${outageSeconds} s themselves`,
  ].join('\n');
}

/** Everything measured, for programs. */
export function renderJson(results: ReadonlyMap<OutageKind, OutageFigures>): Record<string, unknown> {
  return Object.fromEntries(
    [...results].map(([outage, figures]) => [
      outage,
      Object.fromEntries(
        SCENARIO_NAMES.map((name) => [
          name,
          // JSON knows no undefined, and a missing field reads like a forgotten one.
          { ...figures[name], recoverySeconds: figures[name].recoverySeconds ?? null },
        ]),
      ),
    ]),
  );
}
