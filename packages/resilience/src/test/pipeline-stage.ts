import { type BulkheadPolicy, bulkhead } from '../bulkhead/bulkhead';
import { type CircuitBreakerPolicy, circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { consecutiveFailures } from '../circuit-breaker/consecutive-failures';
import { fakeClock } from '../clock/fake-clock';
import type { CallContext } from '../pipeline/call-context';
import { pipeline } from '../pipeline/pipeline';
import type { Policy } from '../pipeline/policy';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { timeout } from '../timeout/timeout';
import type { Step } from './pipeline-interleavings';
import { type ManualRun, ManualWork } from './pipeline-manual-work';
import { type Outcome, watch } from './pipeline-outcome';
import { Probe } from './pipeline-probe';

/** Longer than any interleaving, so that time is up only when a step says so. */
const TIMEOUT_MS = 100;

export interface StageSettings {
  readonly slots: number;
  readonly permits: number;
}

interface StagedCall {
  readonly controller: AbortController;
  readonly runs: { readonly run: ManualRun; readonly startedMs: number }[];
  outcome: Outcome;
  hasEnded: boolean;
}

/**
 * Retry, breaker, bulkhead and timeout fused, with a few calls that a test moves step by step. After each step it says
 * what is wrong; nothing may ever be.
 */
export class Stage {
  readonly #settings: StageSettings;
  readonly #clock = fakeClock();
  readonly #work = new ManualWork();
  readonly #breaker: CircuitBreakerPolicy;
  readonly #bulkhead: BulkheadPolicy;
  readonly #policy: Policy;
  readonly #outermost: Probe;
  readonly #admitted: Probe;
  readonly #innermost: Probe;
  readonly #calls: StagedCall[] = [];
  /** Calls that the breaker has let through to try since it became half-open. */
  readonly #trials = new Set<CallContext | undefined>();
  readonly #offences: string[] = [];

  constructor(settings: StageSettings) {
    this.#settings = settings;
    const clock = this.#clock;
    this.#outermost = new Probe('outermost', [], clock);
    this.#admitted = new Probe('admitted', [], clock);
    this.#innermost = new Probe('innermost', [], clock);
    this.#breaker = circuitBreaker({
      tripRule: consecutiveFailures(2),
      breakMs: 2,
      maxBreakMs: 4,
      halfOpenMaxWaitMs: 6,
      halfOpenPermits: settings.permits,
      clock,
    });
    this.#bulkhead = bulkhead({ maxConcurrent: settings.slots, maxQueue: 1, clock });
    this.#policy = pipeline([
      this.#outermost,
      retry({ maxAttempts: 2, backoff: constant(1), retryableErrors: () => true, clock }),
      this.#breaker,
      this.#admitted,
      this.#bulkhead,
      timeout({ timeoutMs: TIMEOUT_MS, clock }),
      this.#innermost,
    ]);
    this.#watchEnds();
    this.#watchTrials();
  }

  async take({ call, happening }: Step): Promise<void> {
    switch (happening) {
      case 'start':
        this.#start();
        break;
      case 'ok':
        this.#oldestRun(call)?.run.succeed('ok');
        break;
      case 'fail':
        this.#oldestRun(call)?.run.fail(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
        break;
      case 'abort':
        this.#calls[call]?.controller.abort('left');
        break;
      case 'timeout':
        await this.#passTimeout(call);
        break;
      default:
        happening satisfies never;
    }
    // Long enough for the wait between two attempts.
    await this.#clock.advance(1);
  }

  /** Lets everything come to its end. */
  async finish(): Promise<void> {
    do {
      this.#work.finish();
      await this.#clock.advance(10);
    } while (this.#work.running > 0 || this.#clock.pendingTimers > 0);
  }

  /** How everything stands, in a line; the same steps must always lead to the same one. */
  describe(): string {
    const { active, queued } = this.#bulkhead;
    const calls = this.#calls.map(({ outcome, runs }) => `${outcome.state[0]}${runs.length}`);
    return `${this.#clock.nowMs()} ${this.#breaker.state} ${active}+${queued} ${calls.join(' ')}`;
  }

  /** What must not be, at any moment. */
  listOffences(): readonly string[] {
    const { running } = this.#work;
    const { active, queued } = this.#bulkhead;
    const { slots } = this.#settings;
    const probes = [this.#outermost, this.#admitted, this.#innermost];
    return [
      ...this.#offences,
      ...probes.flatMap(({ name, offences }) => offences.map((offence) => `${name}: ${offence}`)),
      ...(running > slots ? [`${running} operations run in ${slots} slots`] : []),
      ...(active !== running ? [`${active} slots are taken by ${running} operations`] : []),
      ...(queued > 1 ? [`${queued} wait in 1 place`] : []),
    ];
  }

  /** What must not be when everything has come to its end. */
  listLeftovers(): readonly string[] {
    const probes = [this.#outermost, this.#admitted, this.#innermost];
    return [
      ...this.listOffences(),
      ...this.#calls.flatMap(({ outcome }, call) =>
        outcome.state === 'pending' ? [`call ${call} has not settled`] : [],
      ),
      ...probes
        .filter(({ running, abandoned }) => running !== 0 || abandoned !== 0)
        .map(({ name, running, abandoned }) => `${name}: ${running} runs, ${abandoned} left behind`),
      ...(this.#bulkhead.active + this.#bulkhead.queued > 0 ? ['a slot or a place is taken'] : []),
      ...(this.#clock.pendingTimers > 0 ? [`${this.#clock.pendingTimers} timers are left`] : []),
    ];
  }

  #start(): void {
    const id = this.#calls.length;
    const controller = new AbortController();
    const runs: StagedCall['runs'] = [];
    const call: StagedCall = { controller, runs, outcome: watch(Promise.resolve()), hasEnded: false };
    this.#calls.push(call);
    const { signal } = controller;
    const context = { operation: String(id) };
    const promise = this.#policy.execute<unknown>(
      (attempt) => {
        if (call.hasEnded) this.#offences.push(`call ${id} ran after its end`);
        if (signal.aborted) this.#offences.push(`call ${id} ran although it had been aborted`);
        if (runs.length >= 2) this.#offences.push(`call ${id} ran more than twice`);
        const result = this.#work.operation(attempt);
        runs.push({ run: this.#work.run(this.#work.runs.length - 1), startedMs: this.#clock.nowMs() });
        return result;
      },
      { signal, context },
    );
    call.outcome = watch(promise);
  }

  #oldestRun(call: number) {
    return this.#calls[call]?.runs.find(({ run }) => !run.isSettled);
  }

  /** Moves time to where the latest run of this call is out of it; whoever started before is so as well. */
  async #passTimeout(call: number): Promise<void> {
    const latest = this.#calls[call]?.runs.at(-1);
    if (latest === undefined || latest.run.isSettled) return;
    const leftMs = latest.startedMs + TIMEOUT_MS - this.#clock.nowMs();
    if (leftMs > 0) await this.#clock.advance(leftMs);
  }

  #watchEnds(): void {
    this.#outermost.onOutcome = (context) => {
      const call = this.#calls[Number(context?.operation)];
      if (call !== undefined) call.hasEnded = true;
    };
  }

  #watchTrials(): void {
    this.#breaker.on('stateChange', () => this.#trials.clear());
    this.#admitted.onOutcome = (context) => this.#trials.delete(context);
    this.#admitted.onRun = (context) => {
      if (this.#breaker.state === 'open') this.#offences.push('an open circuit let a call through');
      if (this.#breaker.state !== 'half-open') return;
      this.#trials.add(context);
      const { permits } = this.#settings;
      if (this.#trials.size > permits)
        this.#offences.push(`${this.#trials.size} trials with ${permits} permits`);
    };
  }
}
