import { performance } from 'node:perf_hooks';
import type { AcquireOptions } from './acquire-options';
import { type CallSite, noteCallSite } from './call-site';
import type { Lease } from './lease';

/** Looked at so often within `leakMs`: a leak is reported at most a quarter late. */
const LOOKS = 4;

/** So many frames are noted: those of policies and of this package lie before those of the program. */
const FRAMES = 12;
/** Where the connection is asked for through TypeORM, which uses up V8's ten before the program is reached. */
const FRAMES_THROUGH_TYPEORM = 30;

/** Finds whoever holds a connection too long, once each. */
export class LeakWatch {
  readonly #unreported = new Set<Lease>();
  readonly #leakMs: number;
  readonly #report: (lease: Lease) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param leakMs 0 watches nobody. */
  constructor(leakMs: number, report: (lease: Lease) => void) {
    this.#leakMs = leakMs;
    this.#report = report;
  }

  /**
   * Notes the stack of a caller, if it may be wanted. `above`: the function whose callers are of interest. Each frame costs time, so
   * that a caller who is known to lie near notes fewer, and one who cannot hold a connection too long none.
   */
  noteSite(
    above: (...args: never[]) => unknown,
    { above: near, heldForMs = Number.POSITIVE_INFINITY }: AcquireOptions,
  ): CallSite | undefined {
    if (this.#leakMs === 0 || heldForMs < this.#leakMs) return undefined;
    return noteCallSite(above, near ? FRAMES : FRAMES_THROUGH_TYPEORM);
  }

  add(lease: Lease): void {
    if (this.#leakMs === 0) return;
    this.#unreported.add(lease);
    this.#timer ??= setInterval(() => this.#look(), Math.max(1, this.#leakMs / LOOKS)).unref();
  }

  delete(lease: Lease): void {
    this.#unreported.delete(lease);
  }

  /** Nobody is watched any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#unreported.clear();
  }

  #look(): void {
    const dueMs = performance.now() - this.#leakMs;
    for (const lease of this.#unreported) {
      if (lease.acquiredAtMs > dueMs) continue;
      this.#unreported.delete(lease);
      this.#report(lease);
    }
  }
}
