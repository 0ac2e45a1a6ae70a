import { get, type IncomingMessage } from 'node:http';
import { TEST_KEY } from './test-service';

/** A message of a tail. */
interface TailMessage {
  readonly id: string | undefined;
  /** `message` unless it says otherwise. */
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly data: any;
}

/** A client that follows a tail. */
export interface FollowedTail {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly messages: readonly TailMessage[];
  /** What a client that comes back would name. */
  readonly lastEventId: string | undefined;
  /** Resolves when it has so many messages that are events, or has ended. */
  waitFor(count: number): Promise<void>;
  /** Resolves when the other side has ended it. */
  readonly ended: Promise<void>;
  readonly response: IncomingMessage;
  close(): void;
}

/** Follows a tail as a browser's EventSource would, but does not come back by itself. */
export function followTail(url: string, headers: Record<string, string> = {}): Promise<FollowedTail> {
  return new Promise((resolve, reject) => {
    const request = get(
      url,
      { headers: { authorization: `Bearer ${TEST_KEY}`, ...headers }, agent: false },
      (response) => {
        const messages: TailMessage[] = [];
        let lastEventId: string | undefined;
        let text = '';
        let isEnded = false;
        const wakers = new Set<() => void>();
        const wake = () => {
          for (const waker of wakers) waker();
        };
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          const blocks = text.split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) {
            const fields = new Map(
              block.split('\n').map((line) => {
                const at = line.indexOf(':');
                return [line.slice(0, at), line.slice(at + 1).trimStart()] as const;
              }),
            );
            lastEventId = fields.get('id') ?? lastEventId;
            const data = fields.get('data');
            if (data === undefined) continue;
            messages.push({
              id: fields.get('id'),
              event: fields.get('event') ?? 'message',
              data: JSON.parse(data),
            });
          }
          wake();
        });
        const ended = new Promise<void>((done) => {
          response.once('close', () => {
            isEnded = true;
            done();
            wake();
          });
        });
        response.on('error', () => undefined);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          messages,
          get lastEventId() {
            return lastEventId;
          },
          async waitFor(count) {
            const hasEnough = () =>
              isEnded || messages.filter(({ event }) => event === 'message').length >= count;
            while (!hasEnough()) {
              await new Promise<void>((done) => {
                const waker = () => {
                  wakers.delete(waker);
                  done();
                };
                wakers.add(waker);
              });
            }
          },
          ended,
          response,
          close: () => request.destroy(),
        });
      },
    );
    request.on('error', reject);
  });
}
