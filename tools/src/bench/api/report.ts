import type { Quartiles } from '../quartiles';
import type { ClosedFigures } from './closed-loop';
import type { Contender, Rival } from './contenders';
import type { PackageShare } from './profile';
import type { Setting } from './setting';
import type { LoadFigures } from './take-loads';
import type { Workload } from './workloads';

/** What `npm run bench:api` has found. Plain data. */
export interface ApiBenchReport {
  readonly command: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly postgres: string;
  };
  readonly seconds: number;
  readonly setting: Setting;
  readonly workloads: Readonly<Record<Workload, WorkloadFigures>>;
}

export interface WorkloadFigures {
  /** Medians over the rounds. */
  readonly closed: Readonly<Record<Contender, ClosedFigures>>;
  /** Requests per second of the service, as a part of a rival's, round by round. */
  readonly ratios: Readonly<Record<Rival, Quartiles>>;
  readonly open: LoadFigures;
  readonly profile: readonly PackageShare[];
}
