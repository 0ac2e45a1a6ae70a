import { LatencyRecord } from './latencies';

it('tells the median, the slowest in a hundred and the slowest', () => {
  const record = new LatencyRecord();
  for (let ms = 1000; ms >= 1; ms--) record.note(ms);
  expect(LatencyRecord.join([record.close()])).toMatchObject({
    appended: 1000,
    failed: 0,
    medianMs: 501,
    p99Ms: 991,
    longestMs: 1000,
  });
});

it('counts failures apart, and keeps the reason of the first', () => {
  const record = new LatencyRecord();
  record.noteFailure(new Error('first'));
  record.noteFailure(new Error('second'));
  expect(LatencyRecord.join([record.close()])).toMatchObject({
    appended: 0,
    failed: 2,
    failure: 'first',
    p99Ms: 0,
  });
});

it('tells of several as of one', () => {
  const quick = new LatencyRecord();
  for (let at = 0; at < 99; at++) quick.note(1);
  const slow = new LatencyRecord();
  slow.note(50);
  slow.noteFailure(new Error('reset'));
  const joined = LatencyRecord.join([quick.close(), slow.close()]);
  expect(joined).toMatchObject({ appended: 100, failed: 1, failure: 'reset', medianMs: 1, p99Ms: 50 });
});
