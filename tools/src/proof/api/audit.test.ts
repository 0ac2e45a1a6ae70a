import { auditCalls } from './audit';
import type { Call } from './call';

const call = (token: string, more: Partial<Call> = {}): Call => ({
  kind: 'append',
  token,
  ending: 'done',
  count: 2,
  attempts: 1,
  ...more,
});
const books = (...writes: readonly [string, number, number][]) => ({
  writes: new Map(writes.map(([token, count, version]) => [token, { count, version }])),
  brokenStreams: [],
});
const clean = {
  lost: [],
  repeated: [],
  appliedAfterAll: [],
  misplaced: [],
  doubled: [],
  unknown: 0,
  unknownApplied: 0,
};

describe('auditCalls', () => {
  it('finds nothing where all is as it was told', () => {
    const calls = [call('a', { version: 7 }), call('b', { ending: 'refused' })];
    expect(auditCalls(calls, books(['a', 2, 7]))).toEqual(clean);
  });

  it.each<[keyof typeof clean, Call, ReturnType<typeof books>]>([
    ['lost', call('a'), books()],
    ['lost', call('a'), books(['a', 1, 1])],
    ['repeated', call('a'), books(['a', 4, 4])],
    ['repeated', call('a', { ending: 'unknown' }), books(['a', 4, 4])],
    ['appliedAfterAll', call('a', { ending: 'refused' }), books(['a', 2, 2])],
    ['misplaced', call('a', { version: 3 }), books(['a', 2, 2])],
    ['doubled', call('a', { kind: 'naive', count: 1 }), books(['a', 2, 1])],
  ])('finds what is %s', (what, asked, there) => {
    expect(auditCalls([asked], there)[what]).toEqual(['a']);
  });

  it('counts what nobody knew, and what of it was done', () => {
    const calls = [call('a', { ending: 'unknown' }), call('b', { ending: 'unknown' })];
    expect(auditCalls(calls, books(['b', 2, 2]))).toEqual({ ...clean, unknown: 2, unknownApplied: 1 });
  });
});
