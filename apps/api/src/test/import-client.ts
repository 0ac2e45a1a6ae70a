import type { TestService } from './test-service';

export const NDJSON = Object.freeze({ 'content-type': 'application/x-ndjson' });

/** What an import is answered. */
interface Imported {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly reported: any[];
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly summary: any;
  /** Why it was refused as a whole. */
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly problem: any;
}

/** Sends a whole body, and reads the report. */
export async function sendImport(
  service: TestService,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Imported> {
  const init = { method: 'POST', headers: { ...NDJSON, ...headers }, body };
  const answer = await service.send('/v1/events/import', init);
  const { status } = answer;
  if (status !== 200) return { status, reported: [], summary: undefined, problem: answer.body };
  expect(answer.headers.get('content-type')).toBe(NDJSON['content-type']);
  return { status, problem: undefined, ...readReport(answer.body) };
}

/** The lines of a report, and its summary. */
export function readReport(text: string): Pick<Imported, 'reported' | 'summary'> {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { summary } = lines.pop();
  return { reported: lines, summary };
}

export const lineOf = (aggregateId: string, more: object = {}) => ({
  aggregateType: 'order',
  aggregateId,
  eventType: 'order.placed',
  payload: {},
  ...more,
});

/** A body: values as JSON, texts as they are. */
export const render = (lines: readonly unknown[]): string =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
