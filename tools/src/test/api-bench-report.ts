import type { ApiBenchReport, WorkloadFigures } from '../bench/api/report';
import { FULL_SETTING } from '../bench/api/setting';

const cpu = { server: 0.9, client: 0.3 };
const closed = {
  requestsPerSecond: 1_000,
  p50Ms: 8,
  p99Ms: 20,
  failed: 0,
  cpu,
  serverMsPerRequest: 0.9,
  databaseMsPerRequest: 0.4,
};
const open = {
  offered: 800,
  accepted: 8_000,
  refused: 0,
  failed: 0,
  acceptedPerSecond: 800,
  p50Ms: 4,
  p99Ms: 10,
  refusedP99Ms: 0,
  lagP99Ms: 2,
  cpu,
};
const workload: WorkloadFigures = {
  closed: { holdfast: closed, bare: closed, joined: { ...closed, requestsPerSecond: 1_250 } },
  ratios: {
    bare: { lower: 0.98, median: 1, upper: 1.02 },
    joined: { lower: 0.78, median: 0.8, upper: 0.82 },
  },
  open: {
    heavy: open,
    excessive: { ...open, offered: 2_000, refused: 9_000, p99Ms: 29, refusedP99Ms: 3 },
    growth: { lower: 2.7, median: 2.9, upper: 3.2 },
  },
  profile: [{ name: 'typeorm', share: 0.2, top: 'transform', topShare: 0.05 }],
};

/** A report in which every claim holds. */
export const SAMPLE_REPORT: ApiBenchReport = {
  command: 'npm run bench:api --',
  machine: { cpu: 'a processor', cores: 2, node: '20.20.2', postgres: '17.10' },
  seconds: 120,
  setting: FULL_SETTING,
  workloads: { read: workload, append: workload },
};
