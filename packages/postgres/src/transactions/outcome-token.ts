import { randomFillSync } from 'node:crypto';

/**
 * Creates a UUID of version 7 (RFC 9562): its first 48 bits are the time, so that tokens are appended to the end of their
 * index, and those of a time can be swept without an index of their own; the other 74 bits are random.
 */
export function createToken(nowMs: number = Date.now()): string {
  const bytes = randomFillSync(Buffer.alloc(16));
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return renderUuid(bytes);
}

/** The least UUID of a time: every token created before is less. */
export function oldestTokenAt(timeMs: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, timeMs), 0, 6);
  return renderUuid(bytes);
}

/** When a token was created: milliseconds since 1970, by its creator's clock. */
export function readTokenTime(token: string): number {
  return Number.parseInt(token.replaceAll('-', '').slice(0, 12), 16);
}

function renderUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
