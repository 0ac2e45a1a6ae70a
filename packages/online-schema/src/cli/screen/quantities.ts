/** As in `7 s`, `2 min 05 s`, `1 h 03 min`: whole seconds, so that a screen does not flicker. */
export function renderElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** As in `7 s`, `12 min`, `1 h 03 min`: of what is old, seconds do not matter. */
export function renderAge(ms: number): string {
  return ms < 120_000 || ms >= 3_600_000 ? renderElapsed(ms) : `${Math.floor(ms / 60_000)} min`;
}

/** As in `about 40 s`: no more exact than anybody knows. */
export function renderEstimate(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds <= 5) return 'a few seconds';
  if (seconds <= 90) return `about ${Math.ceil(seconds / 5) * 5} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `about ${minutes} min` : `about ${(minutes / 60).toFixed(1)} h`;
}

/** The time of day where the reader is, as in `14:03:22`; with the date when that is another day than `nowMs`. */
export function renderClock(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(':');
  if (date.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${time}`;
}

/** As in `12,345`. */
export function renderCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
