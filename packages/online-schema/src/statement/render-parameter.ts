import { quoteLiteral } from '../specification/identifier';

/** The parameter as a literal without a type, which the statement decides, as for what the driver sends. */
export function renderParameter(value: unknown): string {
  return value === null || value === undefined ? 'null' : quoteLiteral(toText(value));
}

function toText(value: unknown): string {
  if (value instanceof Date) return renderDate(value);
  if (ArrayBuffer.isView(value)) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  if (Array.isArray(value)) return `{${value.map(toElement).join(',')}}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const { toPostgres } = value as { toPostgres?: (prepare: typeof toText) => unknown };
  return typeof toPostgres === 'function' ? toText(toPostgres.call(value, toText)) : JSON.stringify(value);
}

function toElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return toText(value);
  return `"${toText(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** In local time with its offset, as the driver does: a `timestamp` drops the offset, and the hour before it counts. */
function renderDate(date: Date): string {
  if (Number.isNaN(date.getTime())) return String(date);
  const offsetMinutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1);
  const pad = (number: number) => String(Math.abs(Math.trunc(number))).padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${pad(offsetMinutes / 60)}:${pad(offsetMinutes % 60)}`;
}
