import * as fc from 'fast-check';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { pipeline } from '../pipeline/pipeline';
import type { Policy } from '../pipeline/policy';
import { BulkheadModel, type ModelCall, type ModelSettings } from '../test/bulkhead-model';
import { ManualWork } from '../test/pipeline-manual-work';
import { type Outcome, watch } from '../test/pipeline-outcome';
import { SCHEDULES } from '../test/schedules';
import { timeout } from '../timeout/timeout';
import { type BulkheadPolicy, bulkhead } from './bulkhead';

// Steps take tens of milliseconds, and each kind of limit ends on a digit of its own: no two kinds ever fall due together,
// so that model and engine need not agree on what nobody is promised.
const settings = fc.record<ModelSettings>({
  maxConcurrent: fc.integer({ min: 1, max: 3 }),
  maxQueue: fc.integer({ min: 0, max: 4 }),
  maxQueueWaitMs: fc.constantFrom(undefined, 13, 43),
  timeout: fc.constantFrom(
    undefined,
    { timeoutMs: 15, mode: 'abandon' },
    { timeoutMs: 45, mode: 'abandon' },
    { timeoutMs: 25, mode: 'cooperate' },
  ),
});

type Step =
  | {
      readonly kind: 'arrive';
      readonly isInstant: boolean;
      readonly deadlineMs: number | undefined;
      readonly isAborted: boolean;
    }
  /** `pick` chooses among those whom the step can befall. */
  | { readonly kind: 'settle'; readonly pick: number; readonly isSuccess: boolean }
  | { readonly kind: 'abort'; readonly pick: number }
  | { readonly kind: 'advance'; readonly durationMs: number };

const pick = fc.nat({ max: 59 });
const step = fc.oneof<[fc.WeightedArbitrary<Step>, ...fc.WeightedArbitrary<Step>[]]>(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('arrive'),
      isInstant: fc.constantFrom(false, false, false, true),
      deadlineMs: fc.constantFrom(undefined, undefined, 7, 27, 57),
      isAborted: fc.constantFrom(...Array.from({ length: 15 }, () => false), true),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle'), pick, isSuccess: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort'), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('advance'), durationMs: fc.constantFrom(10, 20, 40) }),
  },
);

/** The real bulkhead, driven by the same steps as the model. */
class Engine {
  readonly clock: FakeClock = fakeClock();
  readonly work = new ManualWork();
  readonly outcomes: Outcome[] = [];
  readonly started: number[] = [];
  readonly bulkhead: BulkheadPolicy;
  readonly #policy: Policy;
  readonly #controllers: AbortController[] = [];
  /** Where a call's run stands among those of the work. */
  readonly #runs = new Map<number, number>();

  constructor({ timeout: limit, ...options }: ModelSettings) {
    const { clock } = this;
    this.bulkhead = bulkhead({ ...options, clock });
    this.#policy =
      limit === undefined ? this.bulkhead : pipeline([this.bulkhead, timeout({ ...limit, clock })]);
  }

  arrive(isInstant: boolean, deadline: number | undefined, isAborted: boolean): void {
    const id = this.outcomes.length;
    const controller = new AbortController();
    this.#controllers.push(controller);
    if (isAborted) controller.abort('aborted');
    const call = this.#policy.execute<unknown>(
      (attempt) => {
        this.started.push(id);
        if (isInstant) return 'done';
        this.#runs.set(id, this.work.runs.length);
        const result = this.work.operation(attempt);
        // Half of the operations never look at their signal: then there is none to abort.
        if (id % 2 === 0) attempt.signal.throwIfAborted();
        return result;
      },
      { signal: controller.signal, deadline },
    );
    this.outcomes.push(watch(call));
  }

  settle(id: number, isSuccess: boolean): void {
    const run = this.#runOf(id);
    if (isSuccess) run.succeed('done');
    else run.fail('failed');
  }

  abort(id: number): void {
    this.#controllers[id]?.abort('aborted');
  }

  /** What the operation of a call reads of its time and signal. */
  readAttempt(id: number): string {
    const { attempt } = this.#runOf(id);
    return `${attempt.remainingMs} ${id % 2 === 0 ? attempt.signal.aborted : '?'}`;
  }

  readOutcome(id: number): string | undefined {
    const { state, value, error } = this.outcomes[id] as Outcome;
    if (state !== 'rejected') return value as string | undefined;
    return typeof error === 'string' ? error : (error as { code: string }).code;
  }

  #runOf(id: number) {
    return this.work.run(this.#runs.get(id) ?? -1);
  }
}

function modelState(model: BulkheadModel): string {
  return [
    `active ${model.slots.length}, queued ${model.queue.length}, started ${model.started}`,
    ...model.calls.map((call) => `${call.id}: ${call.outcome}`),
    ...model.slots.map(
      (call) =>
        `${call.id}: ${model.remainingMs(call)} ${call.id % 2 === 0 ? model.isSignalAborted(call) : '?'}`,
    ),
  ].join('\n');
}

function engineState(engine: Engine, slots: readonly ModelCall[]): string {
  return [
    `active ${engine.bulkhead.active}, queued ${engine.bulkhead.queued}, started ${engine.started}`,
    ...engine.outcomes.map((_, id) => `${id}: ${engine.readOutcome(id)}`),
    ...slots.map(({ id }) => `${id}: ${engine.readAttempt(id)}`),
  ].join('\n');
}

async function take(taken: Step, model: BulkheadModel, engine: Engine): Promise<void> {
  switch (taken.kind) {
    case 'arrive': {
      const { isInstant, deadlineMs, isAborted } = taken;
      model.arrive(isInstant, deadlineMs, isAborted);
      engine.arrive(isInstant, deadlineMs, isAborted);
      break;
    }
    case 'settle': {
      const { slots } = model;
      const call = slots[taken.pick % slots.length];
      if (call === undefined) return;
      model.settle(call, taken.isSuccess);
      engine.settle(call.id, taken.isSuccess);
      break;
    }
    case 'abort': {
      const waiting = model.calls.filter(({ outcome }) => outcome === undefined);
      const call = waiting[taken.pick % waiting.length];
      if (call === undefined) return;
      model.abort(call);
      engine.abort(call.id);
      break;
    }
    case 'advance':
      model.advance(taken.durationMs);
      await engine.clock.advance(taken.durationMs);
      return;
    default:
      taken satisfies never;
  }
  // Enough for a result to pass through; waiting for a macrotask each time would take most of the test's time.
  for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
}

function requireAgreement(model: BulkheadModel, engine: Engine): void {
  const expected = modelState(model);
  const actual = engineState(engine, model.slots);
  // Compared first, because `expect` alone would cost more than the step.
  if (actual !== expected) expect(actual).toBe(expected);
}

describe('a bulkhead and its model', () => {
  it(`agree on slots, queue and outcomes after every step of ${SCHEDULES} schedules`, async () => {
    const reached = new Set<string | undefined>();
    await fc.assert(
      fc.asyncProperty(settings, fc.array(step, { maxLength: 30, size: 'max' }), async (options, steps) => {
        const model = new BulkheadModel(options);
        const engine = new Engine(options);
        for (const taken of steps) {
          await take(taken, model, engine);
          requireAgreement(model, engine);
        }
        for (const { outcome } of model.calls) reached.add(outcome);
        while (model.slots.length > 0) {
          await take({ kind: 'settle', pick: 0, isSuccess: true }, model, engine);
          requireAgreement(model, engine);
        }
        expect([engine.bulkhead.active, engine.bulkhead.queued, engine.clock.pendingTimers]).toEqual([
          0, 0, 0,
        ]);
      }),
      { numRuns: SCHEDULES },
    );
    // A generator that never reaches an outcome would prove nothing about it.
    if (SCHEDULES >= 1000) {
      expect([...reached].map(String).sort()).toEqual([
        'BULKHEAD_FULL',
        'BULKHEAD_WAIT_EXCEEDED',
        'DEADLINE_EXCEEDED',
        'TIMEOUT',
        'aborted',
        'done',
        'failed',
        'undefined',
      ]);
    }
  });
});
