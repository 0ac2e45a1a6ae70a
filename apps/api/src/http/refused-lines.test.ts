import { RefusedLines } from './refused-lines';

describe('RefusedLines', () => {
  const refused = { method: 'GET', route: '/v1/events/:id', status: 503 };

  function open() {
    const told: unknown[] = [];
    const ignore = (): void => {};
    const info = (message: string, fields?: object): void => void told.push({ message, ...fields });
    return { told, lines: new RefusedLines({ debug: ignore, info, warn: ignore, error: ignore }) };
  }

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('leaves the first of a second its line, and tells how many more came', () => {
    const { told, lines } = open();
    expect([1, 2, 3].map(() => lines.takes(refused))).toEqual([false, true, true]);
    jest.advanceTimersByTime(999);
    expect(told).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(told).toEqual([{ message: 'More requests answered alike', ...refused, count: 2 }]);
    expect(lines.takes(refused)).toBe(false);
  });

  it('counts by method, route and status', () => {
    const { told, lines } = open();
    const kinds = [refused, { ...refused, status: 429 }, { ...refused, method: 'HEAD' }];
    for (const kind of [...kinds, ...kinds]) lines.takes(kind);
    lines.tell();
    expect(told).toMatchObject(kinds.map((kind) => ({ ...kind, count: 1 })));
  });

  it('says nothing more of one that came alone', () => {
    const { told, lines } = open();
    lines.takes(refused);
    jest.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
  });

  it.each([200, 201, 404, 500, 504])('leaves every %d its line', (status) => {
    const { lines } = open();
    expect([1, 2].map(() => lines.takes({ ...refused, status }))).toEqual([false, false]);
  });
});
