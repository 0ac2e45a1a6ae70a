import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, HttpRequest, Send } from './http-client';

/** What came of a request that was sent until it was answered. */
interface Repeated {
  /** The last answer; undefined where the client gave up. */
  readonly answer: Answer | undefined;
  readonly attempts: number;
}

/** Before a request is sent again whose answer says nothing of when. */
const PAUSE_MS = 50;

/**
 * Sends the same request until there is an answer that another one would not change, or time is over. It comes back when it is
 * told to.
 */
export async function sendUntilAnswered(
  send: Send,
  request: HttpRequest,
  giveUpAtMs: number,
): Promise<Repeated> {
  for (let attempts = 1; ; attempts += 1) {
    const answer = await send(request);
    if (answer !== undefined && !isPassing(answer)) return { answer, attempts };
    const waitMs = Number(answer?.headers.get('retry-after') ?? 0) * 1_000 || PAUSE_MS;
    if (performance.now() + waitMs > giveUpAtMs) return { answer: undefined, attempts };
    await sleep(waitMs);
  }
}

/** Too busy, too late, or busy with this very request. */
function isPassing({ status, body }: Answer): boolean {
  return (
    status === 429 || status >= 500 || (status === 409 && body.type === '/problems/idempotency-key-busy')
  );
}
