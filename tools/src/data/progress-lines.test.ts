import { PassThrough } from 'node:stream';
import type { LoadProgress } from './load-options';
import { createProgressLines } from './progress-lines';

const ALL: readonly LoadProgress[] = [
  { step: 'tables' },
  { step: 'rows', table: 'users', done: 0, total: 10 },
  { step: 'rows', table: 'users', done: 10, total: 10 },
  ...[0, 1_000, 2_000, 3_000, 4_000].map(
    (done) => ({ step: 'rows', table: 'events', done, total: 4_000 }) as const,
  ),
  { step: 'indexes', name: 'idx_events_id', built: 1 },
  { step: 'statistics' },
];

/** What is written when each step takes a second. */
function tell(isTTY: boolean): string {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
  let nowMs = 0;
  const listener = createProgressLines(stream, () => nowMs);
  for (const progress of ALL) {
    listener(progress);
    nowMs += 1_000;
  }
  return String(stream.read());
}

describe('the progress of a load', () => {
  it('is a line for each table and each quarter of the events where lines cannot be replaced', () => {
    const lines = tell(false).trimEnd().split('\n');
    expect(lines).toEqual([
      'Creating the tables …',
      'users              ████████████████████████ 100 %  10 of 10  10/s',
      'events             ██████░░░░░░░░░░░░░░░░░░  25 %  1 000 of 4 000  1 000/s  3.0 s left',
      'events             ████████████░░░░░░░░░░░░  50 %  2 000 of 4 000  1 000/s  2.0 s left',
      'events             ██████████████████░░░░░░  75 %  3 000 of 4 000  1 000/s  1.0 s left',
      'events             ████████████████████████ 100 %  4 000 of 4 000  1 000/s',
      'Vacuuming and analysing …',
    ]);
  });

  it('is one line that is drawn again on a terminal, of which the last of each table stays', () => {
    const text = tell(true);
    const stays = text.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));
    expect(stays).toEqual([
      'Creating the tables …',
      'users              ████████████████████████ 100 %  10 of 10  10/s',
      'events             ████████████████████████ 100 %  4 000 of 4 000  1 000/s',
      'Vacuuming and analysing …',
      '',
    ]);
    expect(text).toContain('\r\u001b[2Kevents             ██████░░░░░░░░░░░░░░░░░░  25 %');
  });
});
