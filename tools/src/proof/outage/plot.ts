import { type LineChart, renderCount, renderLineChart } from '../line-chart';
import { type Figures, readFigures } from './figures';
import { readNormalLoad, type Setting } from './setting';
import type { Timeline } from './simulate';

/** The scenarios that are drawn. */
export interface PlottedTimelines {
  readonly naive: Timeline;
  readonly budget: Timeline;
  readonly 'budget-and-breaker': Timeline;
}

export const PLOTTED_SCENARIOS = [
  'naive',
  'budget',
  'budget-and-breaker',
] as const satisfies readonly (keyof PlottedTimelines)[];

/** The colours of Okabe and Ito, which people who see fewer colours can tell apart. */
const COLORS = Object.freeze({ vermilion: '#d55e00', blue: '#0072b2', green: '#009e73', black: '#1f2328' });

/** Draws the load on the dependency through an outage in which connections are refused, as an SVG document. */
export function renderPlot(timelines: PlottedTimelines, setting: Setting): string {
  return renderLineChart(describePlot(timelines, setting));
}

function describePlot(timelines: PlottedTimelines, setting: Setting): LineChart {
  const { healthySeconds, outageSeconds, clients, processes, seed, capacityRatio } = setting;
  const figures = (name: keyof PlottedTimelines): Figures => readFigures(timelines[name], setting);
  const calls = (name: keyof PlottedTimelines): string =>
    `${figures(name).amplification.toFixed(2)} calls per request`;
  const normalLoad = readNormalLoad(setting);
  const capacity = normalLoad * capacityRatio;
  return {
    title: `What reaches a dependency that is down for ${outageSeconds} s`,
    subtitle:
      `${renderCount(clients)} clients in ${renderCount(processes)} processes, ${renderCount(normalLoad)} requests ` +
      `per second; connections are refused during the outage. Simulated, seed ${seed}.`,
    description:
      `Calls per second that reach the dependency. During the outage, for each request: ` +
      `${figures('naive').amplification.toFixed(2)} calls with retries that have neither budget nor jitter, ` +
      `${figures('budget').amplification.toFixed(2)} with a retry budget, ` +
      `${figures('budget-and-breaker').amplification.toFixed(2)} with a budget and a circuit breaker.`,
    unit: 'calls per second',
    note: 'calls per request: while the dependency is down',
    band: {
      fromSecond: healthySeconds,
      toSecond: healthySeconds + outageSeconds,
      label: 'dependency down',
    },
    mark: { value: capacity, label: `capacity ${renderCount(capacity)}/s` },
    series: [
      {
        label: `retry, no budget, no jitter: ${calls('naive')}`,
        color: COLORS.vermilion,
        width: 2,
        counts: timelines.naive.calls,
      },
      {
        label: `retry with a budget: ${calls('budget')}`,
        color: COLORS.blue,
        width: 2,
        counts: timelines.budget.calls,
      },
      {
        label: `retry with a budget, circuit breaker: ${calls('budget-and-breaker')}`,
        color: COLORS.green,
        width: 2.5,
        counts: timelines['budget-and-breaker'].calls,
      },
      {
        label: 'demand: requests per second',
        color: COLORS.black,
        width: 1,
        dash: '3 3',
        counts: timelines.naive.requests,
      },
    ],
  };
}
