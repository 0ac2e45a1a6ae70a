import type { Clock } from '../clock/clock';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame, type Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';

/**
 * A layer that changes nothing and writes down what passes through it. It takes offence at what no frame may do: to run
 * again before its outcome, to report one without a run or a second one, to end more abandoned work than there was.
 */
export class Probe extends Policy implements Layer {
  readonly name: string;
  readonly #log: string[];
  /** Frames made so far: one for each strand. */
  frames = 0;
  /** Runs that have no outcome yet. */
  running = 0;
  /** Abandoned work that has not ended yet. */
  abandoned = 0;
  /** Kept and not thrown, because it would be thrown at a frame that is in the midst of its work. */
  readonly offences: string[] = [];
  onRun: ((context: CallContext | undefined) => void) | undefined;
  onOutcome: ((context: CallContext | undefined) => void) | undefined;

  constructor(name = 'probe', log: string[] = [], clock?: Clock) {
    super(clock);
    this.name = name;
    this.#log = log;
  }

  createFrame(outer: Enclosure): Frame {
    this.frames += 1;
    return new ProbeFrame(outer, this);
  }

  layers(): readonly Layer[] {
    return [this];
  }

  note(what: string): void {
    this.#log.push(`${this.name} ${what}`);
  }
}

class ProbeFrame extends Frame {
  readonly #probe: Probe;
  #isRunning = false;
  #abandoned = 0;

  constructor(outer: Enclosure, probe: Probe) {
    super(outer);
    this.#probe = probe;
  }

  run(): void {
    if (this.#isRunning) this.#probe.offences.push('a run before the outcome of the last');
    this.#isRunning = true;
    this.#probe.running += 1;
    this.#probe.note('runs');
    this.#probe.onRun?.(this.call.context);
    this.inner.run();
  }

  override succeed(value: unknown): void {
    this.#end('succeeds');
    this.outer.succeed(value);
  }

  override fail(error: unknown): void {
    this.#end('fails');
    this.outer.fail(error);
  }

  override workAbandoned(): void {
    this.#abandoned += 1;
    this.#probe.abandoned += 1;
    this.#probe.note('leaves work behind');
    this.outer.workAbandoned();
  }

  override workEnded(): void {
    if (this.#abandoned === 0) this.#probe.offences.push('the end of work that nobody abandoned');
    this.#abandoned -= 1;
    this.#probe.abandoned -= 1;
    this.#probe.note('sees that work end');
    this.outer.workEnded();
  }

  #end(how: string): void {
    if (!this.#isRunning) this.#probe.offences.push('an outcome without a run, or a second one');
    this.#isRunning = false;
    this.#probe.running -= 1;
    this.#probe.note(how);
    this.#probe.onOutcome?.(this.call.context);
  }
}
