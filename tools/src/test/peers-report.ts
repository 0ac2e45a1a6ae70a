import type { Interval } from '../bench/peers/interval';
import { BASELINE, CONTROL, LINE_UP, OURS, OURS_BULK } from '../bench/peers/line-up';
import { OPERATIONS } from '../bench/peers/operations';
import type { CellFigures, LayerCell, PeersReport } from '../bench/peers/report';
import { FULL_SETTING } from '../bench/peers/setting';

/** An interval of so many hundredths to both sides. */
export function around(ratio: number, width = 0.02): Interval {
  return { ratio, lower: ratio - width, upper: ratio + width, pairs: 30 };
}

/** What a run may have found of an operation. `times` are those of Holdfast, as parts of each layer's, by name; default: half. */
export function createCell(
  { operation, callers }: Pick<CellFigures, 'operation' | 'callers'>,
  times: Readonly<Record<string, Interval>> = {},
): CellFigures {
  const hasBulk = operation === 'insertEntries' || operation === 'lookUpMany';
  const layers = LINE_UP.filter(({ name }) => name !== OURS_BULK || hasBulk).map(({ name }): LayerCell => {
    const isOurs = name === OURS || name === OURS_BULK;
    const ours = times[name] ?? around(0.5);
    return {
      name,
      wallUs: 120,
      clientCpuUs: 80,
      serverCpuUs: 60,
      ratio: around(name === BASELINE || name === CONTROL ? 1 : isOurs ? 0.6 : 1.5),
      cpuRatio: around(isOurs ? 0.7 : 1),
      ...(!isOurs && { ours }),
      ...(!isOurs && hasBulk && { oursBulk: ours }),
    };
  });
  return { operation, callers, calls: 320, layers };
}

/** What a run may have found, in which everything holds. */
export const SAMPLE_REPORT: PeersReport = {
  command: 'npm run bench:peers -- --docs docs',
  machine: { cpu: 'a processor', cores: 2, node: '20.20.2', postgres: '17.10' },
  seconds: 1_234,
  setting: FULL_SETTING,
  rounds: 30,
  layers: LINE_UP.map(({ name }) => ({
    name,
    madeOf: ['pg 8.23.1'],
    traffic: Object.fromEntries(
      OPERATIONS.map(({ name }) => [
        name,
        { roundTrips: name === 'book' ? 2 : 1, sentBytes: 1_234, receivedBytes: 56_789 },
      ]),
    ),
  })),
  cells: OPERATIONS.flatMap(({ name: operation }) =>
    FULL_SETTING.callers.map((callers) => createCell({ operation, callers })),
  ),
};
