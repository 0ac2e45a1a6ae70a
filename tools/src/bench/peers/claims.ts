import { type Claim, claimNone } from '../../measurement/claims';
import type { Interval } from './interval';
import type { OperationName } from './layer';
import { CONTROL, OURS, OURS_BULK } from './line-up';
import { OPERATIONS } from './operations';
import type { CellFigures, LayerCell, PeersReport } from './report';

/** Where Holdfast must be faster than all others, and where not slower than any. */
const FASTER: ReadonlySet<OperationName> = new Set([
  'lookUpById',
  'lookUpByEmail',
  'listMembers',
  'listUsers',
  'book',
  'lookUpMany',
]);
/** What a call may cost in waiting for the server. */
const ROUND_TRIPS: Readonly<Partial<Record<OperationName, number>>> = Object.freeze({
  lookUpById: 1,
  insertEntry: 1,
  book: 2,
});

/** Judges a report, and the comparison of answers before it. */
export function judgePeers(
  { cells, layers }: Pick<PeersReport, 'cells' | 'layers'>,
  differences: readonly string[],
): readonly Claim[] {
  return [
    claimNone('all layers answer, and write, what node-postgres by hand does', differences),
    ...cells.flatMap((cell) => [
      judgeTime(cell, 'ours', OURS),
      ...(cell.layers.some(({ name }) => name === OURS_BULK) ? [judgeTime(cell, 'oursBulk', OURS_BULK)] : []),
    ]),
    ...cells.filter(({ operation }) => !findOperation(operation).writes).map(judgeCpu),
    ...Object.entries(ROUND_TRIPS).map(([operation, wanted]) =>
      judgeRoundTrips(layers, operation as OperationName, wanted),
    ),
  ];
}

function judgeTime(cell: CellFigures, by: 'ours' | 'oursBulk', ours: string): Claim {
  const rivals = cell.layers.flatMap((layer) => {
    const interval = layer[by];
    return layer.name === CONTROL || interval === undefined ? [] : [{ name: layer.name, ...interval }];
  });
  const title = `${describeCell(cell)}: ${ours}`;
  if (FASTER.has(cell.operation)) {
    const nearest = findHighest(rivals, ({ upper }) => upper ?? Number.POSITIVE_INFINITY);
    return {
      claim: `${title} is faster than pg named and every peer`,
      kind: 'speed',
      held: nearest !== undefined && (nearest.upper ?? Number.POSITIVE_INFINITY) < 1,
      found: nearest === undefined ? 'no rival' : `of the time of ${nearest.name} ${renderInterval(nearest)}`,
    };
  }
  const noise = readNoise(cell.layers);
  const nearest = findHighest(rivals, ({ ratio }) => ratio);
  return {
    claim: `${title} is not slower than pg named or any peer, beyond the noise`,
    kind: 'speed',
    held: nearest !== undefined && nearest.ratio <= noise,
    found:
      nearest === undefined
        ? 'no rival'
        : `of the time of ${nearest.name} ${renderInterval(nearest)}, at most ${noise.toFixed(3)} wanted`,
  };
}

function judgeCpu(cell: CellFigures): Claim {
  const ours = cell.layers.find(({ name }) => name === OURS)?.cpuRatio;
  return {
    claim: `${describeCell(cell)}: ${OURS} takes less processor time in its client than pg named`,
    kind: 'speed',
    held: ours !== undefined && ours.ratio < 1,
    found: ours === undefined ? 'not measured' : renderInterval(ours),
  };
}

function judgeRoundTrips(layers: PeersReport['layers'], operation: OperationName, wanted: number): Claim {
  const found = layers.find(({ name }) => name === OURS)?.traffic[operation]?.roundTrips ?? Number.NaN;
  return {
    claim: `${findOperation(operation).title}: ${OURS} waits for the server so often`,
    kind: 'speed',
    held: found <= wanted,
    found: `${found} round trips, at most ${wanted} wanted`,
    measured: found,
    limit: wanted,
  };
}

/** How far apart two that are the same are found, at the farther end of their interval. */
function readNoise(layers: readonly LayerCell[]): number {
  const { lower, upper } = layers.find(({ name }) => name === CONTROL)?.ratio ?? {};
  return lower && upper ? Math.max(upper, 1 / lower) : Number.NaN;
}

function findHighest<T>(all: readonly T[], figure: (one: T) => number): T | undefined {
  return all.toSorted((one, other) => figure(other) - figure(one))[0];
}

function describeCell({ operation, callers }: CellFigures): string {
  return `${findOperation(operation).title}, ${callers} at once`;
}

function findOperation(operation: OperationName) {
  const found = OPERATIONS.find(({ name }) => name === operation);
  if (found === undefined) throw new Error(`there is no operation ${operation}`);
  return found;
}

function renderInterval({ ratio, lower, upper }: Interval): string {
  const bounds = [lower, upper].map((bound) => bound?.toFixed(3) ?? '?').join('–');
  return `${ratio.toFixed(3)} × (${bounds})`;
}
