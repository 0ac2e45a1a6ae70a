import { openServiceProcess } from '../../service/service-process';
import { readPairedRatio, readQuartiles } from '../quartiles';
import { type ClosedFigures, runClosedLoop } from './closed-loop';
import { CONTENDERS, type Contender, type Contest, serviceVariables } from './contenders';
import { runOpenLoop } from './open-loop';
import { openProfileFolder, type PackageShare, readShares } from './profile';
import type { WorkloadFigures } from './report';
import type { Setting } from './setting';
import { takeLoads } from './take-loads';
import type { Workload, WorkRequest } from './workloads';

interface WorkloadRun {
  readonly contest: Contest;
  readonly databaseUrl: string;
  readonly postmasterPid: number;
  readonly setting: Setting;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Measures all in turns, then the service alone at parts of what it was found to do, then where its time goes. */
export async function runWorkload(workload: Workload, run: WorkloadRun): Promise<WorkloadFigures> {
  const { contest, setting, signal, say } = run;
  const createRequest = contest.createRequests(workload);
  say(`${workload}: in turns …`);
  const turns = await takeTurns(run, createRequest);
  const closed = {
    holdfast: summarize(turns.holdfast),
    bare: summarize(turns.bare),
    joined: summarize(turns.joined),
  };
  const rates = (contender: Contender) => turns[contender].map(({ requestsPerSecond }) => requestsPerSecond);
  const { address, pid } = contest.servers.holdfast;
  const { rampMs, openMs: durationMs, seed } = setting;
  const capacity = closed.holdfast.requestsPerSecond;
  say(`${workload}: at parts of ${capacity.toFixed(0)} requests per second …`);
  const open = await takeLoads({
    capacity,
    rounds: setting.loadRounds,
    run: (requestsPerSecond, round) => {
      signal.throwIfAborted();
      return runOpenLoop(
        { address, pid, requestsPerSecond, rampMs, durationMs, seed: seed + round },
        createRequest,
      );
    },
  });
  say(`${workload}: profiled …`);
  return {
    closed,
    ratios: {
      bare: readPairedRatio(rates('holdfast'), rates('bare')),
      joined: readPairedRatio(rates('holdfast'), rates('joined')),
    },
    open,
    profile: await profileService(run, workload),
  };
}

/** Who begins changes from round to round. */
async function takeTurns(
  { contest, postmasterPid, setting, signal }: WorkloadRun,
  createRequest: () => WorkRequest,
): Promise<Readonly<Record<Contender, ClosedFigures[]>>> {
  const { connections, rounds, turnMs, warmUpMs } = setting;
  const take = (contender: Contender, durationMs: number) => {
    signal.throwIfAborted();
    const { address, pid } = contest.servers[contender];
    return runClosedLoop({ address, pid, postmasterPid, connections, durationMs }, createRequest);
  };
  for (const contender of CONTENDERS) await take(contender, warmUpMs);
  const figures: Record<Contender, ClosedFigures[]> = { holdfast: [], bare: [], joined: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
    for (const contender of order) figures[contender].push(await take(contender, turnMs));
  }
  return figures;
}

function summarize(rounds: readonly ClosedFigures[]): ClosedFigures {
  const median = (read: (figures: ClosedFigures) => number | undefined) =>
    readQuartiles(rounds.map((figures) => read(figures) ?? Number.NaN)).median;
  return {
    requestsPerSecond: median((one) => one.requestsPerSecond),
    p50Ms: median((one) => one.p50Ms),
    p99Ms: median((one) => one.p99Ms),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
    cpu: { server: median((one) => one.cpu.server), client: median((one) => one.cpu.client) },
    serverMsPerRequest: median((one) => one.serverMsPerRequest),
    databaseMsPerRequest: median((one) => one.databaseMsPerRequest),
  };
}

/** In another process, since being profiled costs time. */
async function profileService(
  { contest, databaseUrl, postmasterPid, setting, signal }: WorkloadRun,
  workload: Workload,
): Promise<readonly PackageShare[]> {
  await using folder = await openProfileFolder();
  const { nodeOptions } = folder;
  const variables = serviceVariables(setting.poolSize);
  const startedMs = performance.now();
  const service = await openServiceProcess(databaseUrl, { variables, nodeOptions, signal });
  const startMs = performance.now() - startedMs;
  try {
    const { address, pid } = service;
    const { connections, profileMs } = setting;
    await runClosedLoop(
      { address, pid, postmasterPid, connections, durationMs: profileMs },
      contest.createRequests(workload),
    );
  } finally {
    await service.stop();
  }
  return readShares(await folder.read(), startMs);
}
