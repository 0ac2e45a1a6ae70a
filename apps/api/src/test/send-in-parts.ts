import { Agent, request as httpRequest } from 'node:http';
import { TEST_KEY } from './test-service';

/** A request whose body is sent as the test says. */
export interface PartedRequest {
  write(text: string): void;
  end(): void;
  /** What it is answered, read to its end. */
  readonly answer: Promise<{ readonly status: number; readonly text: string }>;
  destroy(): void;
}

/** Begins an import. */
export function beginImport(url: string, headers: Record<string, string>): PartedRequest {
  const agent = new Agent();
  const request = httpRequest(`${url}/v1/events/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/x-ndjson', ...headers },
    agent,
  });
  const answer = new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
  });
  // Whoever destroys it does not ask for the answer.
  answer.catch(() => undefined);
  return {
    write: (text) => void request.write(text),
    end: () => void request.end(),
    answer,
    destroy: () => {
      request.destroy();
      agent.destroy();
    },
  };
}
