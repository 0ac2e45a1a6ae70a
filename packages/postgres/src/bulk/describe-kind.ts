/** What kind of value this is, in words that never hold the value itself. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const made: unknown = Object.getPrototypeOf(value)?.constructor;
  return typeof made === 'function' && made !== Object ? `an instance of ${made.name}` : 'an object';
}
