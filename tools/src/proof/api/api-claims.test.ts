import { type ApiFigures, judgeApi } from './api-claims';
import { QUICK_SETTING } from './setting';

const audit = {
  lost: [],
  repeated: [],
  appliedAfterAll: [],
  misplaced: [],
  doubled: ['naive'],
  unknown: 1,
  unknownApplied: 1,
};
const good: ApiFigures = {
  restarts: [
    { way: 'kill -9', downMs: 1_000, backMs: 900 },
    { way: 'fast stop', downMs: 1_000, backMs: 1_200 },
  ],
  endings: { done: 900, refused: 100, unknown: 1 },
  reads: 400,
  lostAnswers: 30,
  vanished: [],
  answers: { byStatus: { 201: 900, 503: 40 }, lost: 0, faults: [] },
  audit,
  brokenStreams: [],
  liveness: { looks: 500, bad: 0, slowestMs: 12 },
};

describe('judgeApi', () => {
  const broken = (figures: ApiFigures) =>
    judgeApi(figures, QUICK_SETTING)
      .filter(({ held }) => !held)
      .map(({ claim }) => claim);

  it('holds for what should be', () => {
    expect(broken(good)).toEqual([]);
  });

  it.each<[string, Partial<ApiFigures>]>([
    ['the server was restarted', { restarts: good.restarts.slice(1) }],
    ['the server was restarted', { lostAnswers: 0 }],
    ['the server was restarted', { endings: { ...good.endings, done: 3 } }],
    ['the server was restarted', { answers: { ...good.answers, byStatus: { 201: 900 } } }],
    ['no acknowledged write is lost', { audit: { ...audit, lost: ['a'] } }],
    ['no acknowledged write is lost', { vanished: ['a'] }],
    ['no acknowledged write is lost', { audit: { ...audit, misplaced: ['a'] } }],
    ['no write is applied twice', { audit: { ...audit, repeated: ['a'] } }],
    ['what was refused', { audit: { ...audit, appliedAfterAll: ['a'] } }],
    ['no version of a stream', { brokenStreams: ['a'] }],
    ['every request has an answer', { answers: { ...good.answers, faults: ['503 without retry-after'] } }],
    ['/livez never failed', { liveness: { ...good.liveness, bad: 1 } }],
    ['/livez never failed', { liveness: { looks: 0, bad: 0, slowestMs: 0 } }],
    [
      'the service is back',
      { restarts: [good.restarts[0], { way: 'x', downMs: 1, backMs: 2_001 }] as never },
    ],
    ['who appends again', { audit: { ...audit, doubled: [] } }],
  ])('does not hold otherwise: %s', (claim, wrong) => {
    expect(broken({ ...good, ...wrong })).toEqual([expect.stringContaining(claim)]);
  });
});
