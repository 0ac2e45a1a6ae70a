import type { Clock } from '../clock/clock';

/** A clock whose timers all fire late, as they do when a process is busy or its machine was asleep. */
export function lateClock(clock: Clock, lateMs: number): Clock {
  return {
    nowMs: () => clock.nowMs(),
    schedule: (callback, delayMs) => clock.schedule(callback, delayMs + lateMs),
  };
}
