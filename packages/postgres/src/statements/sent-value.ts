import { prepareValue } from 'pg/lib/utils';

/** A value as it is sent: what becomes of the caller's meanwhile changes nothing. @throws for one that cannot be sent. */
export function copyValue(value: unknown): string | Buffer | null {
  const sent = prepareValue(value);
  return Buffer.isBuffer(sent) ? Buffer.from(sent) : sent;
}
