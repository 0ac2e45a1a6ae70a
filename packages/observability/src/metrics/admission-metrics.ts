import { Counter, Gauge, type Registry } from 'prom-client';

/** What was let in of one class of requests, and what was not. */
export interface AdmissionClassReading {
  readonly inFlight: number;
  /** Most that may run at once. */
  readonly most: number;
  /** Since the start. */
  readonly admitted: number;
  /** Since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** How much a service lets in at one moment. */
export interface AdmissionReading {
  /** Requests of all classes that may run at once now. */
  readonly limit: number;
  /** Requests that wait to be let in. */
  readonly waiting: number;
  readonly classes: Readonly<Record<string, AdmissionClassReading>>;
  /** Requests that were refused since the start because their client asked for too much. Default 0. */
  readonly rateLimited?: number;
}

/** Registers the metrics of admission and returns what sets them. */
export function registerAdmissionMetrics(registry: Registry): (reading: AdmissionReading) => void {
  const registers = [registry];
  const admitted = new Counter({
    name: 'holdfast_http_admitted_total',
    help: 'Requests that were let in.',
    labelNames: ['class'],
    registers,
  });
  const refused = new Counter({
    name: 'holdfast_http_refused_total',
    help: 'Requests that were refused under pressure.',
    labelNames: ['class', 'reason'],
    registers,
  });
  const rateLimited = new Counter({
    name: 'holdfast_http_rate_limited_total',
    help: 'Requests that were refused because their client asked for too much.',
    registers,
  });
  const inFlight = new Gauge({
    name: 'holdfast_http_in_flight',
    help: 'Requests that run.',
    labelNames: ['class'],
    registers,
  });
  const most = new Gauge({
    name: 'holdfast_http_class_limit',
    help: 'Requests of the class that may run at once.',
    labelNames: ['class'],
    registers,
  });
  const limit = new Gauge({
    name: 'holdfast_http_limit',
    help: 'Requests of all classes that may run at once, as the load allows.',
    registers,
  });
  const waiting = new Gauge({
    name: 'holdfast_http_waiting',
    help: 'Requests that wait to be let in.',
    registers,
  });

  return (reading) => {
    limit.set(reading.limit);
    waiting.set(reading.waiting);
    admitted.reset();
    refused.reset();
    rateLimited.reset();
    rateLimited.inc(reading.rateLimited ?? 0);
    for (const [name, of] of Object.entries(reading.classes)) {
      admitted.inc({ class: name }, of.admitted);
      for (const [reason, count] of Object.entries(of.refused)) refused.inc({ class: name, reason }, count);
      inFlight.set({ class: name }, of.inFlight);
      most.set({ class: name }, of.most);
    }
  };
}
