import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { BulkheadRejectedError } from '../bulkhead/bulkhead-rejected-error';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { type HeldCall, holdCall, unavailable, withCode } from '../test/breaker-calls';
import {
  BreakerModel,
  type Ending,
  type ModelCall,
  ModelRefusal,
  type ModelRule,
  type ModelSettings,
  type ModelSnapshot,
} from '../test/breaker-model';
import { RULES, SCHEDULE, type Step, settingsWith } from '../test/breaker-schedules';
import { SCHEDULES } from '../test/schedules';
import { TimeoutError } from '../timeout/timeout-error';
import { type CircuitBreakerPolicy, circuitBreaker } from './circuit-breaker';
import type { CircuitOpenError } from './circuit-open-error';
import type { CircuitSnapshot } from './circuit-snapshot';
import { consecutiveFailures } from './consecutive-failures';
import { countWindow } from './count-window';
import { timeWindow } from './time-window';
import type { TripRule } from './trip-rule';

function createTripRule(rule: ModelRule): TripRule {
  if (rule.kind === 'consecutiveFailures') return consecutiveFailures(rule.failures);
  const { failureHundredths, slowHundredths, minimumThroughput } = rule;
  const common = {
    failureRatio: failureHundredths / 100,
    slowCallRatio: slowHundredths === undefined ? undefined : slowHundredths / 100,
    minimumThroughput,
  };
  return rule.kind === 'timeWindow'
    ? timeWindow({ windowMs: rule.windowMs, ...common })
    : countWindow({ size: rule.size, ...common });
}

/** What operations reject with. Made once: the stack traces of a million errors would be most of the time. */
const ERRORS: Readonly<Record<Exclude<Ending, 'succeeds'>, Error>> = {
  fails: unavailable(),
  answers: withCode('23505'),
  refused: new BulkheadRejectedError('BULKHEAD_FULL', undefined, 1, 0),
  left: new Error('The caller left'),
  'timed-out': new TimeoutError(1),
};

/** Asks `expect` only to explain a difference: it would be most of the time of some million comparisons. */
function agree(real: unknown, model: unknown): void {
  if (!isDeepStrictEqual(real, model)) expect(real).toStrictEqual(model);
}

/** The real breaker and the model side by side. */
class Comparison {
  readonly #settings: ModelSettings;
  readonly #model: BreakerModel;
  readonly #running: {
    readonly real: HeldCall;
    readonly caller: AbortController;
    readonly model: ModelCall;
  }[] = [];
  readonly #changes: Set<string>;
  #clock: FakeClock;
  #breaker: CircuitBreakerPolicy;
  #exported: { readonly text: string; readonly model: ModelSnapshot } | undefined;

  constructor(settings: ModelSettings, changes: Set<string>) {
    this.#settings = settings;
    this.#changes = changes;
    this.#model = new BreakerModel(settings);
    this.#clock = fakeClock();
    this.#breaker = this.#createBreaker();
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'start':
        return this.#start();
      case 'end':
        return this.#end(step.which, step.ending);
      case 'wait':
        return this.#clock.advance(step.durationMs);
      case 'isolate':
        this.#model.isolate();
        return this.#breaker.isolate();
      case 'reset':
        this.#model.reset();
        return this.#breaker.reset();
      case 'export':
        this.#exported = {
          text: JSON.stringify(this.#breaker.exportState()),
          model: this.#model.snapshot(this.#clock.nowMs()),
        };
        return;
      case 'restore':
        return this.#restore(step.ageMs);
      default:
        return step satisfies never;
    }
  }

  /** @throws when the two disagree on anything that can be seen from outside. */
  check(): void {
    const real = this.#breaker.exportState();
    agree(this.#breaker.state, this.#model.period.state);
    agree(real, this.#renderModel());
  }

  async #start(): Promise<void> {
    const caller = new AbortController();
    const real = holdCall(this.#breaker, { signal: caller.signal });
    const model = this.#model.start(this.#clock.nowMs());
    agree(real.isAdmitted, !(model instanceof ModelRefusal));
    if (!(model instanceof ModelRefusal)) {
      this.#running.push({ real, caller, model });
      return;
    }
    const { code, retryAfterMs } = (await real.error) as CircuitOpenError;
    agree(code, model.retryAfterMs === undefined ? 'CIRCUIT_ISOLATED' : 'CIRCUIT_OPEN');
    agree(retryAfterMs, model.retryAfterMs);
  }

  async #end(which: number, ending: Ending): Promise<void> {
    const [call] = this.#running.splice(which % Math.max(1, this.#running.length), 1);
    if (call === undefined) return;
    const error = ending === 'succeeds' ? undefined : ERRORS[ending];
    if (ending === 'left' || ending === 'timed-out') call.caller.abort(error);
    this.#model.end(call.model, ending, this.#clock.nowMs());
    agree(await (error === undefined ? call.real.succeed() : call.real.fail(error)), error);
  }

  /** Calls of the old process go on in it, and are without influence on the new one. */
  async #restore(ageMs: number | undefined): Promise<void> {
    if (this.#exported === undefined) return;
    if (ageMs !== undefined) {
      this.#clock = fakeClock();
      await this.#clock.advance(ageMs);
      this.#breaker = this.#createBreaker();
      this.#model.reset();
    }
    this.#breaker.restoreState(JSON.parse(this.#exported.text));
    this.#model.restore(this.#exported.model, this.#clock.nowMs());
  }

  #createBreaker(): CircuitBreakerPolicy {
    const { rule, ...settings } = this.#settings;
    const breaker = circuitBreaker({
      ...settings,
      tripRule: createTripRule(rule),
      clock: this.#clock,
    });
    breaker.on('stateChange', ({ from, to }) => this.#changes.add(`${from} → ${to}`));
    return breaker;
  }

  /** What the model would export. */
  #renderModel(): CircuitSnapshot {
    const nowMs = this.#clock.nowMs();
    const snapshot = this.#model.snapshot(nowMs);
    if (snapshot.state !== 'closed') return snapshot;
    const calls = this.#model.countingCalls(nowMs);
    const { rule } = this.#settings;
    if (rule.kind === 'consecutiveFailures') {
      return { state: 'closed', tally: { rule: rule.kind, counts: [calls.length] } };
    }
    if (rule.kind === 'countWindow') {
      const counts = calls.map(({ isFailure, isSlow }) => (isFailure ? 1 : 0) + (isSlow ? 2 : 0));
      return { state: 'closed', tally: { rule: rule.kind, counts } };
    }
    const counts = new Array<number>(30).fill(0);
    const slice = (atMs: number): number => Math.floor(atMs / (rule.windowMs / 10));
    for (const { endedMs, isFailure, isSlow } of calls) {
      const at = 3 * (slice(nowMs) - slice(endedMs));
      [1, Number(isFailure), Number(isSlow)].forEach((count, field) => {
        counts[at + field] = (counts[at + field] ?? Number.NaN) + count;
      });
    }
    return { state: 'closed', tally: { rule: rule.kind, counts } };
  }
}

describe('the breaker and its model agree on state, admission, time to come back and counts after every step', () => {
  it.each(Object.entries(RULES))(`by the rule %s, in ${SCHEDULES} schedules`, async (_, rule) => {
    const changes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(settingsWith(rule), SCHEDULE, async (settings, schedule) => {
        const comparison = new Comparison(settings, changes);
        for (const step of schedule) {
          await comparison.take(step);
          comparison.check();
        }
      }),
      { numRuns: SCHEDULES },
    );
    // Schedules that never leave the closed state would agree as well.
    if (SCHEDULES >= 10_000) expect([...changes].sort()).toEqual(EVERY_CHANGE);
  });
});

const EVERY_CHANGE = [
  'closed → isolated',
  'closed → open',
  'half-open → closed',
  'half-open → isolated',
  'half-open → open',
  'isolated → closed',
  'isolated → open',
  'open → closed',
  'open → half-open',
  'open → isolated',
];

describe('a time window', () => {
  it('counts every call of the last nine tenths of the window, and none that is older than the window', () => {
    const calls = fc.array(fc.record({ waitMs: fc.nat(400), isFailure: fc.boolean() }), { maxLength: 60 });
    const times = fc.record({ windowMs: fc.integer({ min: 10, max: 1_000 }), originMs: fc.integer() });
    return fc.assert(
      fc.property(calls, times, (schedule, { windowMs, originMs }) => {
        const tally = timeWindow({ windowMs, minimumThroughput: 1e9 }).createTally();
        const endedMs: number[] = [];
        let nowMs = originMs;
        for (const { waitMs, isFailure } of schedule) {
          nowMs += waitMs;
          tally.record({ isFailure, isSlow: false }, nowMs);
          endedMs.push(nowMs);
          const { calls: counted } = tally.read(nowMs);
          const within = (ageMs: number): number => endedMs.filter((atMs) => nowMs - atMs < ageMs).length;
          expect(counted).toBeGreaterThanOrEqual(within(windowMs * 0.9));
          expect(counted).toBeLessThanOrEqual(within(windowMs));
        }
      }),
    );
  });
});
