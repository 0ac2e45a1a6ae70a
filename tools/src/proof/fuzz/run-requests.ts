import { Connection, type Exchange } from './connection';
import { drawRequest, type RequestSource } from './draw-request';
import type { Judge } from './judge-answer';
import { findOperation } from './openapi';
import { renderRepeat } from './render-repeat';
import { type FuzzRequest, pathOf } from './request-draft';

/** An answer that should not have been, or a request that got none. */
export interface Finding {
  readonly number: number;
  readonly label: string;
  readonly problem: string;
  /** Sends the request again. */
  readonly repeat: string;
  /** The beginning of what was answered. */
  readonly answer: string;
}

/** How often a route was answered with a status. */
export type StatusCounts = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface FuzzRun {
  readonly requests: number;
  readonly answers: number;
  readonly findings: readonly Finding[];
  readonly counts: StatusCounts;
  /** How often requests were broken in each way. */
  readonly labels: ReadonlyMap<string, number>;
}

export interface RunOptions {
  readonly port: number;
  readonly requests: number;
  /** Connections that send at the same time. */
  readonly connections: number;
  /** Longest that an answer may take. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly report?: (done: number) => void;
}

const NO_ROUTE = 'no route';

/** Sends requests from number 0 on, and judges all that is answered. */
export async function runRequests(
  source: RequestSource,
  judge: Judge,
  { port, requests, connections, patienceMs, signal, report }: RunOptions,
): Promise<FuzzRun> {
  const findings: Finding[] = [];
  const counts = new Map<string, Map<number, number>>();
  const labels = new Map<string, number>();
  let [next, answers] = [0, 0];

  const take = (request: FuzzRequest, exchange: Exchange): void => {
    for (const label of request.label.split(', ')) labels.set(label, (labels.get(label) ?? 0) + 1);
    answers += exchange.answers.length;
    const route = routeOf(source, request);
    const byStatus = counts.get(route) ?? new Map<number, number>();
    counts.set(route, byStatus);
    for (const { status } of exchange.answers) byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    for (const problem of new Set(findProblems(request, exchange, judge))) {
      const { number, label } = request;
      const answer = exchange.answers
        .map(({ status, body }) => `${status} ${body.subarray(0, 300)}`)
        .join(' | ');
      findings.push({ number, label, problem, repeat: renderRepeat(request, port), answer });
    }
  };
  const runLane = async (): Promise<void> => {
    const connection = new Connection(port, { patienceMs });
    try {
      while (next < requests) {
        signal.throwIfAborted();
        const request = drawRequest(source, next);
        next += 1;
        take(request, await connection.send(request));
        report?.(next);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, runLane));
  return { requests, answers, findings, counts, labels };
}

function* findProblems(request: FuzzRequest, exchange: Exchange, judge: Judge): Generator<string> {
  const { answers, malformed, isLate } = exchange;
  if (malformed !== undefined) yield `what came is no answer: ${malformed}`;
  if (isLate) yield 'the answer did not come in time';
  if (request.isWhole && answers.length === 0 && malformed === undefined && !isLate)
    yield 'there was no answer';
  for (const answer of answers) {
    const problem = judge(request, answer);
    if (problem !== undefined) yield problem;
  }
}

function routeOf({ operations }: RequestSource, { method, target }: FuzzRequest): string {
  return findOperation(operations, method, pathOf(target))?.name ?? NO_ROUTE;
}
