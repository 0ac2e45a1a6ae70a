import { LogHistory } from './log-history';
import { parseLsn, renderLsn } from './lsn';

describe('the lag of a replica', () => {
  it('is nothing when it has replayed all that was seen, however long nobody wrote', () => {
    const history = new LogHistory();
    expect(history.lagMs(0n, 1_000)).toBe(0);
    history.note(100n, 1_000);
    expect(history.lagMs(100n, 9_000_000)).toBe(0);
    expect(history.lagBytes(100n)).toBe(0);
    expect(history.lagBytes(120n)).toBe(0);
  });

  it('is the age of the oldest position that it has not replayed', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(200n, 2_000);
    history.note(300n, 3_000);
    expect(history.lagMs(50n, 5_000)).toBe(4_000);
    expect(history.lagMs(100n, 5_000)).toBe(3_000);
    expect(history.lagMs(250n, 5_000)).toBe(2_000);
    expect(history.lagBytes(100n)).toBe(200);
  });

  it('counts from when the log got there, not from when it was last seen there', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(100n, 2_000);
    expect(history.lagMs(50n, 5_000)).toBe(4_000);
  });

  it('stays bounded, and is then at least what is remembered', () => {
    const history = new LogHistory();
    for (let at = 1; at <= 5_000; at += 1) history.note(BigInt(at), at);
    expect(history.lagMs(0n, 5_000)).toBeGreaterThanOrEqual(999);
  });
});

describe('a position in the log', () => {
  it.each(['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF'])('is read and rendered: %s', (text) => {
    expect(renderLsn(parseLsn(text))).toBe(text);
  });

  it('compares as the log runs', () => {
    expect(parseLsn('1/0') > parseLsn('0/FFFFFFFF')).toBe(true);
  });

  it.each(['', '1', '1/', '1/G', '1/123456789', ' 1/1', '1/1;', undefined, 5])('is not %p', (text) => {
    expect(() => parseLsn(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option: 'lsn' }));
  });
});
