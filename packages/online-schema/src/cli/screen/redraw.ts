import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { Region } from './live-screen';
import { measure } from './plain-text';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** Redraws the last lines of a terminal in place. */
export function openRegion(stream: NodeJS.WriteStream): Region {
  const update = createLogUpdate(stream, { showCursor: true });
  let drawn: readonly string[] = [];
  let columns = stream.columns;
  stream.write(HIDE_CURSOR);

  // A terminal that has become narrower has broken the lines of the frame, which then are more than were drawn. One that
  // cuts them instead loses as many of the lines above; a frame drawn between the breaking and our hearing of it stays.
  const eraseBroken = () => {
    const narrow = Math.max(1, stream.columns);
    const widths = drawn.map((line) => measure(stripVTControlCharacters(line)));
    const broken = widths.reduce((sum, width) => sum + Math.max(0, Math.ceil(width / narrow) - 1), 0);
    if (stream.columns < columns) stream.write('\u001b[2K\u001b[1A'.repeat(broken));
    columns = stream.columns;
  };

  return {
    draw(staying, frame) {
      eraseBroken();
      if (staying.length > 0 || frame.length === 0) update.clear();
      if (staying.length > 0) stream.write(`${staying.join('\n')}\n`);
      if (frame.length > 0) update(frame.join('\n'));
      drawn = frame;
    },
    close() {
      update.done();
      stream.write(SHOW_CURSOR);
    },
  };
}
