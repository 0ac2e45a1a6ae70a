import {
  type FakeClock,
  fakeClock,
  type Policy,
  pipeline,
  readErrorCode,
  timeout,
} from '@holdfast/resilience';
import { createRandom } from '../random';
import { drawDemand } from './demand';
import { Dependency } from './dependency';
import type { Scenario } from './scenarios';
import { type OutageKind, readPhases, type Setting } from './setting';

/** What happened, second by second from the start to the end of demand. */
export interface Timeline {
  /** Requests that clients issued. */
  readonly requests: readonly number[];
  /** Calls that arrived at the dependency, first attempts and retries, served or not. */
  readonly calls: readonly number[];
  /** Of the requests issued in that second, those that were served within the clients' patience. */
  readonly servedInTime: readonly number[];
  /** Requests that were served in the end, and those that were not. Together all that were issued. */
  readonly served: number;
  readonly failed: number;
}

/** Longer than any request can take: five attempts, and their waits. */
const MAX_DRAIN_SECONDS = 120;

/**
 * Runs one scenario through one outage, on a clock of its own: the same setting gives the same timeline. Demand is the
 * same for every scenario. Ends when every request that was issued has been answered or given up.
 *
 * @throws the signal's reason when it is aborted; Error when a request ends in a way that no outage explains.
 */
export async function simulate(
  scenario: Scenario,
  outage: OutageKind,
  setting: Setting,
  signal?: AbortSignal,
): Promise<Timeline> {
  const clock = fakeClock();
  const run = new Run(scenario, outage, setting, clock);
  run.issueDemand();
  const seconds = readPhases(setting).endMs / 1000;
  for (let second = 0; second < seconds + MAX_DRAIN_SECONDS; second++) {
    if (second >= seconds && run.pending === 0) break;
    signal?.throwIfAborted();
    await clock.advance(1000);
  }
  return run.finish();
}

class Run {
  readonly #clock: FakeClock;
  readonly #setting: Setting;
  readonly #dependency: Dependency;
  readonly #processes: readonly Policy[];
  readonly #requests: number[];
  readonly #calls: number[];
  readonly #servedInTime: number[];
  #served = 0;
  #failed = 0;
  #unexpected: unknown;
  pending = 0;

  constructor(scenario: Scenario, outage: OutageKind, setting: Setting, clock: FakeClock) {
    const seconds = readPhases(setting).endMs / 1000;
    const createCounts = () => new Array<number>(seconds).fill(0);
    this.#clock = clock;
    this.#setting = setting;
    this.#requests = createCounts();
    this.#calls = createCounts();
    this.#servedInTime = createCounts();
    this.#dependency = new Dependency(setting, outage, clock, (atMs) => count(this.#calls, atMs));
    this.#processes = Array.from({ length: setting.processes }, (_, process) => {
      const random = createRandom(setting.seed, `process ${process}`);
      const limit = timeout({ timeoutMs: setting.timeoutMs, clock });
      return pipeline([...scenario.createPolicies(clock, random), limit]);
    });
  }

  /** Issues each request when its time comes. One timer is set at a time. */
  issueDemand(): void {
    const demand = drawDemand(this.#setting);
    let next = 0;
    const wait = (): void => {
      const request = demand[next++];
      if (request === undefined) return;
      this.#clock.schedule(() => {
        wait();
        this.#issue(request.process);
      }, request.atMs - this.#clock.nowMs());
    };
    wait();
  }

  finish(): Timeline {
    if (this.#unexpected !== undefined) throw this.#unexpected;
    if (this.pending > 0) throw new Error(`Requests were never answered: ${this.pending}`);
    return {
      requests: this.#requests,
      calls: this.#calls,
      servedInTime: this.#servedInTime,
      served: this.#served,
      failed: this.#failed,
    };
  }

  #issue(process: number): void {
    const policy = this.#processes[process] as Policy;
    const issuedMs = this.#clock.nowMs();
    count(this.#requests, issuedMs);
    this.pending += 1;
    policy
      .execute((attempt) => this.#dependency.call(attempt))
      .then(
        () => {
          this.#served += 1;
          if (this.#clock.nowMs() - issuedMs <= this.#setting.patienceMs) count(this.#servedInTime, issuedMs);
        },
        (error: unknown) => {
          this.#failed += 1;
          // Refused, reset, timed out, given up: all have a code. What has none is a fault of the simulation.
          if (readErrorCode(error) === undefined) this.#unexpected ??= error;
        },
      )
      .finally(() => {
        this.pending -= 1;
      });
  }
}

/** Retries of the last requests come after the end of demand and are not counted. */
function count(seconds: number[], atMs: number): void {
  const second = Math.floor(atMs / 1000);
  const counted = seconds[second];
  if (counted !== undefined) seconds[second] = counted + 1;
}
