import { type Quartiles, readPairedRatio, readQuartiles } from '../quartiles';
import type { OpenFigures } from './open-loop';

/** Parts of the capacity at which requests arrive: as much as is borne well, and twice what is borne. */
const LOADS = Object.freeze({ heavy: 0.8, excessive: 2 });

/** What a service did under both. Of requests all are counted; of all else there are medians over the rounds. */
export interface LoadFigures {
  readonly heavy: OpenFigures;
  readonly excessive: OpenFigures;
  /** How many times as long as under the heavy load what is accepted takes under the excessive one, its 99th percentile, round by round. */
  readonly growth: Quartiles;
}

interface LoadRounds {
  /** Of requests per second. */
  readonly capacity: number;
  readonly rounds: number;
  /** Measures one load once. */
  readonly run: (requestsPerSecond: number, round: number) => Promise<OpenFigures>;
}

/** Puts both loads on in turns: what slows the machine down slows both. */
export async function takeLoads({ capacity, rounds, run }: LoadRounds): Promise<LoadFigures> {
  const heavy: OpenFigures[] = [];
  const excessive: OpenFigures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    heavy.push(await run(capacity * LOADS.heavy, round));
    excessive.push(await run(capacity * LOADS.excessive, round));
  }
  const p99 = ({ p99Ms }: OpenFigures) => p99Ms;
  return {
    heavy: summarize(heavy),
    excessive: summarize(excessive),
    growth: readPairedRatio(excessive.map(p99), heavy.map(p99)),
  };
}

function summarize(rounds: readonly OpenFigures[]): OpenFigures {
  const sum = (read: (figures: OpenFigures) => number) => rounds.reduce((total, one) => total + read(one), 0);
  const median = (read: (figures: OpenFigures) => number | undefined) =>
    readQuartiles(rounds.map((one) => read(one) ?? Number.NaN)).median;
  return {
    offered: median((one) => one.offered),
    accepted: sum((one) => one.accepted),
    refused: sum((one) => one.refused),
    failed: sum((one) => one.failed),
    acceptedPerSecond: median((one) => one.acceptedPerSecond),
    p50Ms: median((one) => one.p50Ms),
    p99Ms: median((one) => one.p99Ms),
    refusedP99Ms: median((one) => one.refusedP99Ms),
    lagP99Ms: median((one) => one.lagP99Ms),
    cpu: { server: median((one) => one.cpu.server), client: median((one) => one.cpu.client) },
  };
}
