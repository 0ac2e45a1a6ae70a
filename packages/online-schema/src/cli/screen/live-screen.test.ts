import { LiveScreen, type Region } from './live-screen';

/** What was drawn, instead of a terminal. */
function record(): { region: Region; frames: string[][]; staying: string[]; closed: () => number } {
  const frames: string[][] = [];
  const staying: string[] = [];
  let closed = 0;
  const region: Region = {
    draw(lines, frame) {
      staying.push(...lines);
      frames.push([...frame]);
    },
    close: () => {
      closed += 1;
    },
  };
  return { region, frames, staying, closed: () => closed };
}

const LOOK = { columns: 80, rows: 24, hasColours: false, hasUnicode: true };
const step = (name: string) => ({ type: 'step', action: 'keep index', name, elapsedMs: 1 }) as const;

describe('LiveScreen', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('draws many events as one frame, and loses none of what stays', () => {
    const { region, frames, staying } = record();
    const screen = new LiveScreen(region, () => LOOK);
    screen.show({ type: 'started', name: 'A', number: 1, total: 1 });
    for (let at = 0; at < 500; at++) screen.show(step(`idx_${at}`));
    expect(frames).toHaveLength(0);
    jest.advanceTimersByTime(100);
    expect(frames).toEqual([['', '[1/1] A  0 s']]);
    expect(staying).toHaveLength(500);
    screen.close();
    expect(staying).toHaveLength(500);
  });

  it('lets the time pass without an event', () => {
    const { region, frames } = record();
    const screen = new LiveScreen(region, () => LOOK);
    screen.show({ type: 'started', name: 'A', number: 1, total: 1 });
    jest.advanceTimersByTime(3_000);
    expect(frames.at(-1)).toEqual(['', '[1/1] A  3 s']);
    screen.close();
  });

  it('leaves the last state, once, and draws nothing after that', () => {
    const { region, frames, staying, closed } = record();
    const screen = new LiveScreen(region, () => LOOK);
    screen.show({ type: 'pending', direction: 'up', names: ['A', 'B'] });
    screen.show({ type: 'started', name: 'A', number: 1, total: 2 });
    screen.show(step('idx'));
    screen.close();
    expect(frames).toEqual([['', '[1/2] A  0 s', 'not begun: 1 migration: B']]);
    expect(staying).toHaveLength(1);
    screen.close();
    screen.show(step('late'));
    screen.redrawSoon();
    jest.advanceTimersByTime(5_000);
    expect(frames).toHaveLength(1);
    expect(closed()).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('keeps what others print, in whole lines and at last in what there is', () => {
    const { region, staying } = record();
    const screen = new LiveScreen(region, () => LOOK);
    screen.print('one\ntw');
    jest.advanceTimersByTime(100);
    expect(staying).toEqual(['one']);
    screen.print('o\nthr');
    screen.close();
    expect(staying).toEqual(['one', 'two', 'thr']);
  });

  it('draws for the terminal as it is at that moment', () => {
    const { region, frames } = record();
    let columns = 80;
    const screen = new LiveScreen(region, () => ({ ...LOOK, columns }));
    screen.show({ type: 'started', name: 'A'.repeat(60), number: 1, total: 1 });
    jest.advanceTimersByTime(100);
    columns = 40;
    screen.redrawSoon();
    jest.advanceTimersByTime(100);
    expect(frames.map(([, line]) => line?.length)).toEqual([71, 40]);
    screen.close();
  });
});
