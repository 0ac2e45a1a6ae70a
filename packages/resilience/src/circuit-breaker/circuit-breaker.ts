import { Emitter } from '../observe/emitter';
import type { StructuredLogger } from '../observe/structured-logger';
import { writeLine } from '../observe/write-line';
import type { CallContext } from '../pipeline/call-context';
import type { Enclosure, Frame, Layer } from '../pipeline/frame';
import { Policy } from '../pipeline/policy';
import { BreakerFrame, type BreakerRule } from './breaker-frame';
import { type CircuitBreakerOptions, readBreakerSettings } from './breaker-options';
import { Circuit, type CircuitState, type CircuitStateName } from './circuit';
import type { CircuitOpenError } from './circuit-open-error';
import { type CircuitSnapshot, exportCircuit, restoreCircuit } from './circuit-snapshot';

export interface CircuitBreakerEvents {
  readonly stateChange: {
    readonly name: string | undefined;
    readonly from: CircuitStateName;
    readonly to: CircuitStateName;
    /** Calls and failures that counted when the circuit opened from closed; undefined otherwise. */
    readonly calls: number | undefined;
    readonly failures: number | undefined;
    /** How long the break is, in milliseconds; undefined unless the circuit opened. */
    readonly retryAfterMs: number | undefined;
  };
  readonly reject: {
    readonly name: string | undefined;
    readonly code: CircuitOpenError['code'];
    readonly retryAfterMs: number | undefined;
    readonly context: CallContext | undefined;
  };
}

class CircuitBreakerPolicy extends Policy implements Layer {
  readonly #circuit: Circuit;
  readonly #rule: BreakerRule;
  readonly #name: string | undefined;
  readonly #logger: StructuredLogger | undefined;
  readonly #emitter = new Emitter<CircuitBreakerEvents>(['stateChange', 'reject']);

  constructor(options: CircuitBreakerOptions) {
    const settings = readBreakerSettings(options);
    super(options.clock);
    const { name } = options;
    this.#name = name;
    this.#logger = options.logger;
    this.#circuit = new Circuit({ ...settings, onChange: (from, to, nowMs) => this.#tell(from, to, nowMs) });
    this.#rule = {
      ...settings,
      name,
      circuit: this.#circuit,
      clock: this.clock,
      onReject: ({ code, retryAfterMs }, context) => {
        if (this.#emitter.isHeard('reject'))
          this.#emitter.emit('reject', { name, code, retryAfterMs, context });
      },
    };
  }

  /** Where the circuit stands. A break that is over reads `open` until the next call comes to try. */
  get state(): CircuitStateName {
    return this.#circuit.state.kind;
  }

  /** Refuses every call until `reset`. */
  isolate(): void {
    this.#circuit.isolate(this.clock.nowMs());
  }

  /** Closes the circuit, whatever it was, and counts anew. */
  reset(): void {
    this.#circuit.close(this.clock.nowMs());
  }

  /** Writes the state down as plain data. Durations are relative, so that neither clock nor process age matters. */
  exportState(): CircuitSnapshot {
    return exportCircuit(this.#circuit.state, this.clock.nowMs());
  }

  /**
   * Takes up a state as if no time had passed since it was exported. A half-open circuit comes back open, its break
   * over: its trials are gone.
   * @throws InvalidOptionError when it is no state of a breaker with this trip rule.
   */
  restoreState(snapshot: CircuitSnapshot): void {
    restoreCircuit(this.#circuit, snapshot, this.clock.nowMs());
  }

  /**
   * Tells the listener of every event of that name, until the returned function is called.
   * Events: `stateChange`, `reject`.
   * @throws InvalidOptionError when there is no such event.
   */
  on<Name extends keyof CircuitBreakerEvents>(
    name: Name,
    listener: (event: CircuitBreakerEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(name, listener);
  }

  createFrame(outer: Enclosure): Frame {
    return new BreakerFrame(outer, this.#rule);
  }

  layers(): readonly Layer[] {
    return [this];
  }

  #tell(from: CircuitState, to: CircuitState, nowMs: number): void {
    const counted = from.kind === 'closed' && to.kind === 'open' ? from.tally.read(nowMs) : undefined;
    const change = {
      from: from.kind,
      to: to.kind,
      calls: counted?.calls,
      failures: counted?.failures,
      retryAfterMs: to.kind === 'open' ? to.untilMs - nowMs : undefined,
    };
    this.#emitter.emit('stateChange', { name: this.#name, ...change });
    const level = to.kind === 'open' || to.kind === 'isolated' ? 'warn' : 'info';
    writeLine(this.#logger, level, 'The circuit changed its state', undefined, {
      breaker: this.#name,
      ...change,
    });
  }
}

export type { CircuitBreakerPolicy };

/**
 * Makes a policy that stops calling a dependency which is down, and finds out by itself when it is back.
 *
 * While closed, it counts failures over the last 10 s; at a ratio of 0.5 of at least 20 calls it opens. While open, calls
 * are refused with `CircuitOpenError`, whose `retryAfterMs` says when to come back. When the break is over, up to three
 * calls are let through to try: all succeed, and it closes; one fails, is slow or hangs, and it opens for twice as long,
 * up to 30 s.
 *
 * Only availability failures count. What a policy further in refused, what the caller aborted, and answers that are errors
 * (constraint violations, serialization failures, deadlocks) do not.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreakerPolicy {
  return new CircuitBreakerPolicy(options);
}
