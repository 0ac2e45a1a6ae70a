/** An answer of the service, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what it holds is judged by who asked
  readonly body: any;
}

/** What the service answered to all requests of all clients. */
export interface AnswerCounts {
  /** By status. */
  readonly byStatus: Record<string, number>;
  /** Requests that got no answer. */
  lost: number;
  /** What a client could not act upon: a refusal that is no problem, or does not say when to come back. */
  readonly faults: string[];
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request once. Resolves to undefined where no answer came. */
export type Send = (request: HttpRequest) => Promise<Answer | undefined>;

/** Longest that a client waits for an answer: the service has given up long before. */
const PATIENCE_MS = 20_000;
const MOST_FAULTS = 20;

/** Makes a client of the service, which counts what it is answered. */
export function createHttpClient(
  {
    address,
    headers: always,
  }: { readonly address: string; readonly headers: Readonly<Record<string, string>> },
  counts: AnswerCounts,
): Send {
  return async ({ method = 'GET', path, body, headers }) => {
    try {
      const response = await fetch(`${address}${path}`, {
        method,
        headers: { ...always, ...(body && { 'content-type': 'application/json' }), ...headers },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const text = await response.text();
      const answer = { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
      counts.byStatus[answer.status] = (counts.byStatus[answer.status] ?? 0) + 1;
      const fault = findFault(answer);
      if (fault !== undefined && counts.faults.length < MOST_FAULTS) counts.faults.push(`${method} ${fault}`);
      return answer;
    } catch (error) {
      counts.lost += 1;
      const reason = error instanceof Error ? (error.cause ?? error) : error;
      if (counts.faults.length < MOST_FAULTS) counts.faults.push(`${method} without an answer: ${reason}`);
      return undefined;
    }
  };
}

/** What is wrong with a refusal. Busy is who may come back: it has to say when. */
function findFault({ status, headers, body }: Answer): string | undefined {
  if (status < 400) return undefined;
  if (status === 500) return `500: ${body?.requestId}`;
  if (headers.get('content-type')?.includes('problem+json') !== true) return `${status} is no problem`;
  const isBusy = status === 503 || status === 429;
  if (isBusy && !/^[1-9]\d{0,2}$/.test(headers.get('retry-after') ?? ''))
    return `${status} without retry-after`;
  return undefined;
}
