/** Media type of a stream of server-sent events. */
export const EVENT_STREAM_MEDIA_TYPE = 'text/event-stream';

/** How soon a client comes back after the stream has ended, in ms: it is told so at the beginning. */
const RETRY_MS = 1_000;

/** What stands at the beginning of a stream. */
export const STREAM_HEAD = `retry: ${RETRY_MS}\n\n`;

/** One message. Neither the id nor the data holds the end of a line. */
export function renderMessage(id: string, data: string): string {
  return `id: ${id}\ndata: ${data}\n\n`;
}

/** A sign of life, which also tells where the stream stands: a client that comes back names that. */
export function renderHeartbeat(id: string | undefined): string {
  return id === undefined ? ':\n\n' : `:\nid: ${id}\n\n`;
}

/** Says why the stream ends. */
export function renderEnd(reason: string): string {
  return `event: end\ndata: ${JSON.stringify({ reason })}\n\n`;
}
