/** What every scenario of one run shares. */
export interface Setting {
  /** Determines demand, latencies and jitter. */
  readonly seed: number;
  readonly clients: number;
  /** Client processes. Their clients are spread evenly; a budget and a breaker belong to one process. */
  readonly processes: number;
  /** Mean of what one client asks for, whether or not its last request has been answered. */
  readonly requestsPerSecond: number;
  /** Seconds the dependency works, is down, and works again. Whole numbers, so that no counted second lies across a change. */
  readonly healthySeconds: number;
  readonly outageSeconds: number;
  readonly recoverySeconds: number;
  /** What the dependency can serve, as a multiple of normal load. */
  readonly capacityRatio: number;
  /** Mean time in service, exponentially distributed. */
  readonly latencyMs: number;
  /** Calls that wait for service at most, in milliseconds of full service; what comes on top is refused. */
  readonly backlogMs: number;
  /** After this long, a client gives a call up. Longer than the backlog, so that no served call is lost to it. */
  readonly timeoutMs: number;
  /** A request that is served within this time of being issued counts as served in time. */
  readonly patienceMs: number;
}

/** A thousand clients, a minute of outage. */
export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  clients: 1000,
  processes: 20,
  requestsPerSecond: 1,
  healthySeconds: 20,
  outageSeconds: 60,
  recoverySeconds: 40,
  capacityRatio: 1.5,
  latencyMs: 20,
  backlogMs: 200,
  timeoutMs: 1000,
  patienceMs: 1000,
});

/** Fewer clients in fewer processes, and half the outage. */
export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  clients: 300,
  processes: 6,
  healthySeconds: 10,
  outageSeconds: 30,
});

/**
 * How the dependency is down.
 *
 * - `refused`: its process is gone. What was in flight is reset, and connections are refused at once.
 * - `black-hole`: the network swallows everything. A call hangs until its client gives it up.
 */
export type OutageKind = 'refused' | 'black-hole';

export const OUTAGE_KINDS = ['refused', 'black-hole'] as const satisfies readonly OutageKind[];

/** Requests per second, of all clients together. */
export function readNormalLoad({ clients, requestsPerSecond }: Setting): number {
  return clients * requestsPerSecond;
}

/** When the dependency goes and comes back, and when demand ends: milliseconds from the start. */
export function readPhases({ healthySeconds, outageSeconds, recoverySeconds }: Setting): {
  readonly downMs: number;
  readonly upMs: number;
  readonly endMs: number;
} {
  const downMs = healthySeconds * 1000;
  const upMs = downMs + outageSeconds * 1000;
  return { downMs, upMs, endMs: upMs + recoverySeconds * 1000 };
}
