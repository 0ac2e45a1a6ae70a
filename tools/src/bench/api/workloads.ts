import { randomUUID } from 'node:crypto';

/** What is asked for: an event by its id, or an append of one event to a new stream. */
export const WORKLOADS = ['read', 'append'] as const;
export type Workload = (typeof WORKLOADS)[number];

export const WORKLOAD_TITLES: Readonly<Record<Workload, string>> = Object.freeze({
  read: 'GET /v1/events/:id',
  append: 'POST /v1/events',
});

/** A request as it is sent. */
export interface WorkRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an event of an order may say. */
const PAYLOAD = Object.freeze({
  orderNumber: 'A-1042',
  amountCents: 4_200,
  currency: 'EUR',
  lines: [
    { sku: 'tea-earl-grey-100', quantity: 2 },
    { sku: 'mug-white', quantity: 1 },
  ],
});

/** What requests are made from. */
export interface RequestParts {
  /** Of events that there are. */
  readonly ids: readonly string[];
  /** What they come with, in turns. */
  readonly headers: readonly WorkRequest['headers'][];
}

/** Makes the requests of a workload, another one each time. */
export function createRequests(workload: Workload, { ids, headers }: RequestParts): () => WorkRequest {
  let n = 0;
  const takeHeaders = (all: RequestParts['headers']) => all[n++ % all.length] ?? {};
  switch (workload) {
    case 'read':
      return () => ({
        method: 'GET',
        path: `/v1/events/${ids[n % ids.length]}`,
        headers: takeHeaders(headers),
      });
    case 'append': {
      const all = headers.map((one) => ({ ...one, 'content-type': 'application/json' }));
      return () => ({ method: 'POST', path: '/v1/events', headers: takeHeaders(all), body: renderAppend() });
    }
    default:
      return workload satisfies never;
  }
}

function renderAppend(): string {
  return JSON.stringify({
    aggregateType: 'bench',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events: [{ eventType: 'bench.measured', payload: PAYLOAD }],
  });
}
