import type { Attempt, Clock, ScheduledTimer } from '@holdfast/resilience';
import { createRandom, drawExponential, type Random } from '../random';
import { type OutageKind, readNormalLoad, readPhases, type Setting } from './setting';

/** A call in service or in the backlog. */
interface PendingCall {
  readonly attempt: Attempt;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  timer: ScheduledTimer | undefined;
}

// Made once: a stack for each of some hundred thousand refusals would cost more than the simulation.
const REFUSED = Object.freeze(
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
);
/** The call may have been applied: no retry takes this up unasked. */
const RESET = Object.freeze(
  Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
);

/**
 * A service of finite capacity: so many calls in service at a time, each for a random time, the next ones in a backlog,
 * the rest refused. In terms of queueing theory M/M/c/K while demand is all that comes.
 */
export class Dependency {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #latencyMs: number;
  readonly #maxServing: number;
  readonly #maxBacklog: number;
  readonly #onCall: (atMs: number) => void;
  readonly #serving = new Set<PendingCall>();
  readonly #backlog: PendingCall[] = [];
  #down: OutageKind | undefined;

  /** @param onCall told of every call that arrives, served or not. */
  constructor(setting: Setting, outage: OutageKind, clock: Clock, onCall: (atMs: number) => void) {
    const capacityPerMs = (readNormalLoad(setting) * setting.capacityRatio) / 1000;
    this.#clock = clock;
    this.#random = createRandom(setting.seed, 'latency');
    this.#latencyMs = setting.latencyMs;
    this.#maxServing = Math.max(1, Math.round(capacityPerMs * setting.latencyMs));
    this.#maxBacklog = Math.round(capacityPerMs * setting.backlogMs);
    this.#onCall = onCall;
    const { downMs, upMs } = readPhases(setting);
    clock.schedule(() => this.#goDown(outage), downMs);
    clock.schedule(() => {
      this.#down = undefined;
    }, upMs);
  }

  /** Arrives at the dependency, and settles with its answer. */
  call(attempt: Attempt): Promise<void> {
    this.#onCall(this.#clock.nowMs());
    if (this.#down === 'refused') return Promise.reject(REFUSED);
    return new Promise((resolve, reject) => {
      const call: PendingCall = { attempt, resolve, reject, timer: undefined };
      if (this.#down === 'black-hole') hang(call);
      else if (this.#serving.size < this.#maxServing) this.#serve(call);
      else if (this.#backlog.length < this.#maxBacklog) this.#backlog.push(call);
      else reject(REFUSED);
    });
  }

  #serve(call: PendingCall): void {
    this.#serving.add(call);
    call.timer = this.#clock.schedule(
      () => {
        this.#serving.delete(call);
        call.resolve();
        const next = this.#backlog.shift();
        if (next !== undefined) this.#serve(next);
      },
      drawExponential(this.#latencyMs, this.#random),
    );
  }

  #goDown(outage: OutageKind): void {
    this.#down = outage;
    const inFlight = [...this.#serving, ...this.#backlog];
    this.#serving.clear();
    this.#backlog.length = 0;
    for (const call of inFlight) {
      call.timer?.cancel();
      if (outage === 'refused') call.reject(RESET);
      else hang(call);
    }
  }
}

/** No answer will come, not even when the dependency is back: the call ends when its client gives it up. */
function hang({ attempt, reject }: PendingCall): void {
  const { signal } = attempt;
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
}
