const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes for people, in steps of 1024 as PostgreSQL's `pg_size_pretty` has them: `640 kB`, `1.4 GB`. */
export function renderBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || Math.abs(value) >= 99.5 ? Math.round(value) : trim(value)} ${UNITS[unit]}`;
}

/** A count for people: `940`, `12,400`, `3.1 million`. */
export function renderCount(count: number): string {
  if (Math.abs(count) >= 1e9) return `${trim(count / 1e9)} billion`;
  if (Math.abs(count) >= 1e6) return `${trim(count / 1e6)} million`;
  return Math.round(count).toLocaleString('en-GB');
}

/** A ratio from 0 to 1 for people: `0.4 %`, `37 %`. */
export function renderShare(ratio: number): string {
  const percent = ratio * 100;
  return `${percent !== 0 && Math.abs(percent) < 9.95 ? trim(percent) : Math.round(percent)} %`;
}

/** Milliseconds for people, in the largest unit that fits: `40 minutes`, `12 days`. */
export function renderAge(ms: number): string {
  const minutes = Math.max(0, ms) / 60_000;
  if (minutes < 120) return amount(minutes, 'minute');
  if (minutes < 48 * 60) return amount(minutes / 60, 'hour');
  return amount(minutes / (24 * 60), 'day');
}

function amount(value: number, unit: string): string {
  const whole = Math.floor(value);
  return `${renderCount(whole)} ${unit}${whole === 1 ? '' : 's'}`;
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
