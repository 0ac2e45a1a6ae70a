import { LatencyRecord } from './latencies';

it('tells the median, the slowest in a hundred and the slowest', () => {
  const record = new LatencyRecord();
  for (let ms = 1000; ms >= 1; ms--) record.note(ms);
  expect(record.close()).toMatchObject({
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
  expect(record.close()).toMatchObject({ appended: 0, failed: 2, failure: 'first', p99Ms: 0 });
});
