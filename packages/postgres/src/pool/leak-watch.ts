import { performance } from 'node:perf_hooks';
import type { CallSite } from './call-site';
import type { Lease } from './lease';

/** Looked at so often within `leakMs`: a leak is reported at most a quarter late. */
const LOOKS = 4;

/** V8's ten are used up by TypeORM before the program is reached. */
const FRAMES = 30;

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

  /** Notes the stack of a caller, if anybody wants it. `above`: the function whose callers are of interest. */
  noteSite(above: (...args: never[]) => unknown): CallSite | undefined {
    if (this.#leakMs === 0) return undefined;
    const site: CallSite = {};
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    Error.captureStackTrace(site, above);
    Error.stackTraceLimit = stackTraceLimit;
    return site;
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
