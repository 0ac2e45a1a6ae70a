import { type Clock, MAX_TIMER_MS, type ScheduledTimer } from '../clock/clock';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireKnownOptions } from '../errors/require-option';
import { type Enclosure, Frame, type Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import type { AbortListener } from '../pipeline/scope';

/**
 * What happens to one call.
 *
 * - `pass`: nothing.
 * - `fail`: it fails with the error, and the operation is not run.
 * - `delay`: the operation is run that much later, in milliseconds.
 * - `hang`: the operation is not run, and nothing comes back until the call is aborted.
 */
export type Fault =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly error: unknown }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'hang' };

export interface InjectFaultsOptions {
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
}

interface FaultSource {
  readonly clock: Clock;
  readonly next: () => Fault;
}

class InjectFaultsPolicy extends Policy implements Layer {
  readonly #source: FaultSource;

  constructor(schedule: Iterable<Fault>, options: InjectFaultsOptions) {
    if (
      typeof schedule !== 'object' ||
      schedule === null ||
      typeof schedule[Symbol.iterator] !== 'function'
    ) {
      throw new InvalidOptionError('schedule', schedule, 'an array, or another iterable, of faults');
    }
    requireKnownOptions('injectFaults', options, ['clock']);
    requireClock(options.clock);
    super(options.clock);
    if (Array.isArray(schedule)) for (const fault of schedule) requireFault(fault);
    const faults = schedule[Symbol.iterator]();
    const next = (): Fault => {
      const step = faults.next();
      return step.done === true ? { kind: 'pass' } : requireFault(step.value);
    };
    this.#source = { clock: this.clock, next };
  }

  createFrame(outer: Enclosure): Frame {
    return new FaultFrame(outer, this.#source);
  }

  layers(): readonly Layer[] {
    return [this];
  }
}

export type { InjectFaultsPolicy };

/** What befalls one call. */
class FaultFrame extends Frame implements AbortListener {
  readonly #source: FaultSource;
  #timer: ScheduledTimer | undefined;

  constructor(outer: Enclosure, source: FaultSource) {
    super(outer);
    this.#source = source;
  }

  run(): void {
    // A listener on the way in may have aborted the call, and a hang would not be told of that.
    if (this.scope.isAborted) {
      this.outer.fail(this.scope.reason);
      return;
    }
    let fault: Fault;
    try {
      fault = this.#source.next();
    } catch (error) {
      this.outer.fail(error);
      return;
    }
    switch (fault.kind) {
      case 'pass':
        this.inner.run();
        return;
      case 'fail':
        this.outer.fail(fault.error);
        return;
      case 'delay':
        this.scope.listen(this);
        this.#timer = this.#source.clock.schedule(() => this.#endDelay(), fault.delayMs);
        return;
      case 'hang':
        this.scope.listen(this);
        return;
      default:
        fault satisfies never;
    }
  }

  onAbort(reason: unknown): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.outer.fail(reason);
  }

  #endDelay(): void {
    this.#timer = undefined;
    this.scope.unlisten(this);
    this.reenter();
    this.inner.run();
  }
}

/**
 * Makes a policy for tests that fails, delays and hangs by schedule: each call that comes through takes the next fault;
 * when they are used up, calls pass. List it last, nearest to the operation, where a real dependency would fail.
 *
 * @throws InvalidOptionError when a fault is none; a fault of a generator is looked at when it is due, and fails that call.
 */
export function injectFaults(
  schedule: Iterable<Fault>,
  options: InjectFaultsOptions = {},
): InjectFaultsPolicy {
  return new InjectFaultsPolicy(schedule, options);
}

function requireFault(fault: Fault): Fault {
  switch (fault?.kind) {
    case 'delay':
      requireNumber('fault.delayMs', fault.delayMs, { min: 0, max: MAX_TIMER_MS });
      return fault;
    case 'pass':
    case 'fail':
    case 'hang':
      return fault;
    default:
      throw new InvalidOptionError('fault', fault, 'of kind pass, fail, delay or hang');
  }
}
