import { circuitBreaker, countWindow, type TripRule, timeWindow } from '@holdfast/resilience';
import * as cockatiel from 'cockatiel';
import CircuitBreaker from 'opossum';
import type { Operation } from './contender';

/** A breaker that counts every call, and that nothing short of failures alone would open. */
export interface Recorder {
  readonly name: string;
  /** Whether it is ours, so that something is claimed of it. */
  readonly isOwn: boolean;
  open(): Recording;
}

/** A breaker in use. */
export interface Recording {
  execute(operation: Operation): Promise<number>;
  /** Nothing of it is left: no timer, no memory. */
  close(): void;
}

/** So long that no call leaves it while this is measured. */
const WINDOW_MS = 600_000;

/** @param windowSize of those breakers that count calls instead of time. */
export function createRecorders(windowSize: number): readonly Recorder[] {
  return [
    holdfast('Holdfast, timeWindow', timeWindow({ windowMs: WINDOW_MS, failureRatio: 1 })),
    holdfast('Holdfast, countWindow', countWindow({ size: windowSize, failureRatio: 1 })),
    cockatielRecorder('cockatiel, SamplingBreaker'),
    opossum('opossum', true),
    opossum('opossum, percentiles switched off', false),
  ];
}

function holdfast(name: string, tripRule: TripRule): Recorder {
  return {
    name,
    isOwn: true,
    open() {
      const breaker = circuitBreaker({ tripRule });
      return { execute: (operation) => breaker.execute(operation), close: () => undefined };
    },
  };
}

function cockatielRecorder(name: string): Recorder {
  return {
    name,
    isOwn: false,
    open() {
      const breaker = cockatiel.circuitBreaker(cockatiel.handleAll, {
        halfOpenAfter: WINDOW_MS,
        // Below 1 is what it takes, and one success in a hundred thousand is more than this leaves.
        breaker: new cockatiel.SamplingBreaker({ threshold: 0.999_999, duration: WINDOW_MS }),
      });
      return { execute: (operation) => breaker.execute(operation), close: () => undefined };
    },
  };
}

function opossum(name: string, rollingPercentilesEnabled: boolean): Recorder {
  return {
    name,
    isOwn: false,
    open() {
      const circuit = new CircuitBreaker((operation: Operation) => operation(), {
        timeout: false,
        errorThresholdPercentage: 100,
        rollingCountTimeout: WINDOW_MS,
        rollingPercentilesEnabled,
        enableSnapshots: false,
      });
      return { execute: (operation) => circuit.fire(operation), close: () => circuit.shutdown() };
    },
  };
}
