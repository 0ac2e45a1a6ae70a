import type { Attempt } from '../pipeline/attempt';

/** One run of an operation, in the hands of a test. */
export interface ManualRun {
  readonly attempt: Attempt;
  readonly isSettled: boolean;
  succeed(value?: unknown): void;
  fail(error: unknown): void;
}

/** Work that goes on until a test ends it, whatever its signal says: the worst that a caller can hand in. */
export class ManualWork {
  readonly runs: ManualRun[] = [];
  /** The most that ever ran at once. */
  peak = 0;

  readonly operation = (attempt: Attempt): Promise<unknown> =>
    new Promise((resolve, reject) => {
      let isSettled = false;
      this.runs.push({
        attempt,
        get isSettled() {
          return isSettled;
        },
        succeed(value) {
          isSettled = true;
          resolve(value);
        },
        fail(error) {
          isSettled = true;
          reject(error);
        },
      });
      this.peak = Math.max(this.peak, this.running);
    });

  /** Runs that have not settled, their callers gone or not. */
  get running(): number {
    return this.runs.filter((run) => !run.isSettled).length;
  }

  /** The run that was started as the `at`-th, counted from 0. */
  run(at: number): ManualRun {
    const run = this.runs[at];
    if (run === undefined) throw new Error(`run ${at} has not started; there are ${this.runs.length}`);
    return run;
  }

  /** Ends everything that runs. */
  finish(): void {
    for (const run of this.runs) if (!run.isSettled) run.succeed();
  }
}
