import type { Clock, ScheduledTimer } from '../clock/clock';
import { type FakeClock, fakeClock } from '../clock/fake-clock';

/** A fake clock that counts what is asked of it, and whose timers can be made to fire early. */
export class RecordingClock implements Clock {
  readonly fake: FakeClock = fakeClock();
  /** The delays of all timers that were ever set. */
  readonly delaysMs: number[] = [];
  /** What part of its delay a timer takes. */
  speed = 1;

  /** Timers that are set and would keep a process alive. */
  get pendingTimers(): number {
    return this.fake.pendingTimers;
  }

  nowMs(): number {
    return this.fake.nowMs();
  }

  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    this.delaysMs.push(delayMs);
    return this.fake.schedule(callback, delayMs * this.speed);
  }

  advance(durationMs: number): Promise<void> {
    return this.fake.advance(durationMs);
  }
}
