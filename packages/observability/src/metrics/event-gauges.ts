import { Gauge, type Registry } from 'prom-client';

/** Events that workers have not handled. */
export interface EventBacklogReading {
  /** Events that wait for a worker. */
  readonly waiting: number;
  /** How long the one that has waited longest has, in ms; null when none waits. */
  readonly oldestAgeMs: number | null;
  /** Events that were given up on. */
  readonly dead: number;
}

/** Registers the gauges of events and returns what sets them; what is not known now has no series. */
export function registerEventGauges(registry: Registry): (reading: EventBacklogReading | undefined) => void {
  const registers = [registry];
  const waiting = new Gauge({
    name: 'holdfast_events_waiting',
    help: 'Events that wait for a worker, counted up to 10,000.',
    registers,
  });
  const oldestAge = new Gauge({
    name: 'holdfast_events_oldest_age_seconds',
    help: 'How long the event that has waited longest for a worker has; 0 when none waits.',
    registers,
  });
  const dead = new Gauge({
    name: 'holdfast_events_dead_letters',
    help: 'Events that were given up on, counted up to 10,000.',
    registers,
  });
  const gauges = [waiting, oldestAge, dead];
  for (const gauge of gauges) gauge.remove();

  return (reading) => {
    if (reading === undefined) {
      for (const gauge of gauges) gauge.remove();
      return;
    }
    waiting.set(reading.waiting);
    oldestAge.set((reading.oldestAgeMs ?? 0) / 1_000);
    dead.set(reading.dead);
  };
}
