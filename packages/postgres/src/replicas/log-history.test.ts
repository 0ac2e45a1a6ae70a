import { LogHistory } from './log-history';
import { parseLsn, renderLsn } from './lsn';

/** A replica that has replayed so far, and whose last transaction is so old. */
const at = (lsn: bigint, replayedAgoMs = 0) => ({ lsn, replayedAgoMs });

describe('the lag of a replica', () => {
  it('is nothing when it has replayed all that was seen, however long nobody wrote', () => {
    const history = new LogHistory();
    expect(history.isEmpty).toBe(true);
    history.note(100n, 1_000);
    expect(history.isEmpty).toBe(false);
    expect(history.lagMs(at(100n, 9_000_000), 9_000_000)).toBe(0);
    expect(history.lagBytes(at(100n))).toBe(0);
    expect(history.lagBytes(at(120n))).toBe(0);
  });

  it('is the age of the oldest position that it has not replayed', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(200n, 2_000);
    history.note(300n, 3_000);
    expect(history.lagMs(at(50n), 5_000)).toBe(4_000);
    expect(history.lagMs(at(100n), 5_000)).toBe(3_000);
    expect(history.lagMs(at(250n), 5_000)).toBe(2_000);
    expect(history.lagBytes(at(100n))).toBe(200);
  });

  it('counts from when the log got there, not from when it was last seen there', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(100n, 2_000);
    expect(history.lagMs(at(50n), 5_000)).toBe(4_000);
  });

  it('is told by the last transaction it has replayed where it is behind all that was seen', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(200n, 2_000);
    expect(history.lagMs(at(50n, 3_600_000), 2_000)).toBe(3_600_000);
    expect(history.lagMs(at(50n, Number.POSITIVE_INFINITY), 2_000)).toBe(Number.POSITIVE_INFINITY);
    // What it lacks was seen to be written: the clock, which goes on while nobody writes, does not count.
    expect(history.lagMs(at(150n, 3_600_000), 2_500)).toBe(500);
  });

  it('begins anew with the log of another primary, which lacks the end of the last one', () => {
    const history = new LogHistory();
    history.note(100n, 1_000);
    history.note(900n, 2_000);
    history.note(500n, 3_000);
    expect(history.lagMs(at(500n), 9_000)).toBe(0);
    history.note(600n, 4_000);
    expect(history.lagMs(at(500n), 9_000)).toBe(5_000);
  });

  it('stays bounded, and is then at least what is remembered', () => {
    const history = new LogHistory();
    for (let lsn = 1; lsn <= 5_000; lsn += 1) history.note(BigInt(lsn), lsn);
    expect(history.lagMs(at(0n), 5_000)).toBeGreaterThanOrEqual(999);
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
