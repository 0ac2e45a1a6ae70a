import {
  type AdaptiveLimitPolicy,
  adaptiveLimit,
  aimd,
  type BulkheadPolicy,
  BulkheadRejectedError,
  bulkhead,
  type Policy,
  pipeline,
} from '@holdfast/resilience';
import type { AdmissionSettings } from '../settings';

/** Kinds of requests that must not take each other's place. What operates the service is none of them, and never waits. */
export type RouteClass = 'reads' | 'writes' | 'appends';

/** Kinds of requests that last for minutes or hours. They have places of their own: how long they take says nothing of the load. */
export type LongClass = 'tails' | 'imports';

/** `class-full`: too many of this class run. `saturated`: the service has as much to do as it bears. */
export type PressureReason = 'class-full' | 'saturated';

/** The request was not let in, and nothing of it was done. */
export class PressureRefusedError extends Error {
  override readonly name = 'PressureRefusedError';
  readonly code = 'HOLDFAST_PRESSURE_REFUSED';

  constructor(
    readonly reason: PressureReason,
    readonly routeClass: RouteClass | LongClass,
    /** When what runs now will have ended, by how long it takes. */
    readonly retryAfterMs: number,
  ) {
    super(`the request was refused under pressure: ${reason}`);
  }
}

/** A place that a request holds. */
export interface Place {
  /** Gives it back. Only the first call counts. */
  leave(outcome: PlaceOutcome): void;
}

/** `failed` says nothing of the load: what fails fast would pass for a service that is faster than ever. */
export type PlaceOutcome = 'answered' | 'overloaded' | 'failed';

/** One class at one moment, and since the start. */
interface ClassReading {
  readonly inFlight: number;
  readonly most: number;
  readonly admitted: number;
  readonly refused: Readonly<Record<PressureReason, number>>;
}

/** The pressure at one moment. */
export interface PressureReading {
  readonly limit: number;
  readonly limitMax: number;
  /** Whether the limit has lost half of what it began with, or more. */
  readonly isShrunk: boolean;
  readonly inFlight: number;
  readonly waiting: number;
  readonly classes: Readonly<Record<RouteClass, ClassReading>>;
}

/** Where the limit begins, within its bounds: enough for a burst, before anything has been measured. */
const INITIAL_LIMIT = 64;
/** What is kept of the limit for each class: a flood of one would take all of it otherwise. */
const KEPT_SHARE = 1 / 8;
/** Weight of the latest request in how long one takes. */
const SMOOTHING = 0.1;

interface ClassState {
  readonly gate: BulkheadPolicy;
  readonly policy: Policy;
  readonly refused: Record<PressureReason, number>;
  /** When those began that run, the oldest first. */
  readonly startedMs: Set<{ readonly atMs: number }>;
  admitted: number;
  usualMs: number;
}

/**
 * Lets in what the service bears and refuses the rest at once: each class has a bulkhead, and all share a limit that
 * shrinks while requests take too long or the pool has no connection for them.
 */
export class Pressure {
  readonly #settings: AdmissionSettings;
  readonly #limit: AdaptiveLimitPolicy;
  readonly #initialLimit: number;
  readonly #classes: Readonly<Record<RouteClass, ClassState>>;
  readonly #all: readonly ClassState[];
  /** Refusals that say the same are one error: to make one would cost as much as to answer. */
  #lastRefusal: PressureRefusedError | undefined;

  constructor(settings: AdmissionSettings) {
    const { limitMin: minLimit, limitMax: maxLimit, queueMax: maxQueue, queueWaitMs, latencyMs } = settings;
    this.#settings = settings;
    this.#initialLimit = Math.min(maxLimit, Math.max(minLimit, INITIAL_LIMIT));
    this.#limit = adaptiveLimit({
      name: 'requests',
      rule: aimd({ maxLatencyMs: latencyMs }),
      initialLimit: this.#initialLimit,
      minLimit,
      maxLimit,
      maxQueue,
      maxQueueWaitMs: queueWaitMs,
      isOverload: (error) => error === OVERLOADED,
    });
    const createClass = (name: RouteClass): ClassState => {
      const gate = bulkhead({ name, maxConcurrent: settings.most[name] });
      const refused = { 'class-full': 0, saturated: 0 };
      const policy = pipeline([gate, this.#limit]);
      return { gate, policy, refused, startedMs: new Set(), admitted: 0, usualMs: 0 };
    };
    this.#classes = {
      reads: createClass('reads'),
      writes: createClass('writes'),
      appends: createClass('appends'),
    };
    this.#all = Object.values(this.#classes);
  }

  /** A request that takes longer means overload, in ms. */
  get latencyMs(): number {
    return this.#settings.latencyMs;
  }

  /** Why a request that comes now finds no place, and would wait for nothing; undefined where it finds one, or may wait. */
  refuseAtOnce(routeClass: RouteClass): PressureRefusedError | undefined {
    const state = this.#classes[routeClass];
    const { active, limit, queued } = this.#limit;
    const isFull = state.gate.active >= this.#settings.most[routeClass];
    if (isFull || this.#wouldTakeWhatIsKept(state)) return this.#refuse('class-full', routeClass);
    if (active >= limit && queued >= this.#settings.queueMax) return this.#refuse('saturated', routeClass);
    return undefined;
  }

  /**
   * Takes a place that is free now; undefined where the request may wait for one.
   *
   * @param isBack It had a place before, and is not counted among those let in once more.
   * @throws PressureRefusedError if it would wait for nothing.
   */
  enterAtOnce(routeClass: RouteClass, isBack = false): Place | undefined {
    const refusal = this.refuseAtOnce(routeClass);
    if (refusal !== undefined) throw refusal;
    const state = this.#classes[routeClass];
    const { active, limit, queued } = this.#limit;
    if (active >= limit || queued > 0) return undefined;
    let place: Place | undefined;
    const take = (taken: Place): void => {
      place = taken;
    };
    // What is free is taken before this returns; what it comes to is known to whoever leaves the place.
    state.policy.execute(() => this.#hold(state, take)).catch(() => undefined);
    if (!isBack) state.admitted += 1;
    return place;
  }

  /**
   * Resolves with a place for the request, after a short wait at most.
   *
   * @param isBack As for `enterAtOnce`.
   * @throws PressureRefusedError if there is none; the signal's reason.
   */
  async enter(routeClass: RouteClass, signal?: AbortSignal, isBack = false): Promise<Place> {
    const atOnce = this.enterAtOnce(routeClass, isBack);
    if (atOnce !== undefined) return atOnce;
    const state = this.#classes[routeClass];
    try {
      const place = await this.#wait(state, signal);
      if (!isBack) state.admitted += 1;
      return place;
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw this.#refuse(error.bulkhead === routeClass ? 'class-full' : 'saturated', routeClass);
    }
  }

  read(): PressureReading {
    const readClass = (name: RouteClass): ClassReading => {
      const { startedMs, admitted, refused } = this.#classes[name];
      return { inFlight: startedMs.size, most: this.#settings.most[name], admitted, refused: { ...refused } };
    };
    return {
      limit: this.#limit.limit,
      limitMax: this.#settings.limitMax,
      isShrunk: this.#limit.limit * 2 <= this.#initialLimit,
      inFlight: this.#limit.active,
      waiting: this.#limit.queued,
      classes: { reads: readClass('reads'), writes: readClass('writes'), appends: readClass('appends') },
    };
  }

  #refuse(reason: PressureReason, routeClass: RouteClass): PressureRefusedError {
    const state = this.#classes[routeClass];
    state.refused[reason] += 1;
    const retryAfterMs = Math.ceil(this.#estimateMs(reason, state) / RETRY_STEP_MS) * RETRY_STEP_MS;
    const last = this.#lastRefusal;
    if (last?.reason === reason && last.routeClass === routeClass && last.retryAfterMs === retryAfterMs) {
      return last;
    }
    const refusal = createWithoutStack(() => new PressureRefusedError(reason, routeClass, retryAfterMs));
    this.#lastRefusal = refusal;
    return refusal;
  }

  /** Whether only those places are left that other classes have not made use of, and this one has its own. */
  #wouldTakeWhatIsKept(state: ClassState): boolean {
    const { limit } = this.#limit;
    const kept = Math.floor(limit * KEPT_SHARE);
    if (state.gate.active < kept) return false;
    let [used, unused] = [0, 0];
    for (const { gate } of this.#all) {
      used += gate.active;
      unused += Math.max(0, kept - gate.active);
    }
    return unused > 0 && used + unused >= limit;
  }

  #wait(state: ClassState, signal: AbortSignal | undefined): Promise<Place> {
    return new Promise((resolve, reject) => {
      state.policy.execute(() => this.#hold(state, resolve), { signal }).catch(reject);
    });
  }

  /** Settles when the place that it gives is left. */
  #hold(state: ClassState, give: (place: Place) => void): Promise<void> {
    return new Promise((settle, fail) => {
      const run = { atMs: performance.now() };
      state.startedMs.add(run);
      const leave = (outcome: PlaceOutcome): void => {
        if (!state.startedMs.delete(run)) return;
        const tookMs = performance.now() - run.atMs;
        if (outcome !== 'failed') state.usualMs += SMOOTHING * (tookMs - state.usualMs);
        if (outcome === 'answered') settle();
        else fail(outcome === 'overloaded' ? OVERLOADED : FAILED);
      };
      give({ leave });
    });
  }

  /** How long what stands before a newcomer will take: by the usual, or by the oldest that runs, which may take longer. */
  #estimateMs(reason: PressureReason, state: ClassState): number {
    const states = reason === 'class-full' ? [state] : this.#all;
    const nowMs = performance.now();
    const longest = states.map(({ usualMs, startedMs }) => {
      const [oldest] = startedMs;
      return Math.max(usualMs, oldest === undefined ? 0 : nowMs - oldest.atMs);
    });
    const rounds = reason === 'class-full' ? 1 : 1 + this.#limit.queued / this.#limit.limit;
    return Math.min(LONGEST_WAIT_MS, Math.max(...longest) * rounds);
  }
}

const LONGEST_WAIT_MS = 60_000;
/** Clients are told whole seconds. */
const RETRY_STEP_MS = 100;

/** Who is refused has come from outside, and where to is in the error. Under pressure its stack would cost as much as the rest. */
function createWithoutStack<T>(create: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** With these a place is given back; they reach nobody. */
const OVERLOADED = new Error('The request took too long or got no connection');
const FAILED = new Error('The request failed');
