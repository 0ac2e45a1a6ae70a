import { type Claim, claimAtMost, claimNone } from '../../measurement/claims';
import type { Audit } from './audit';
import type { AnswerCounts } from './http-client';
import type { Setting } from './setting';

/** What the run came to. */
export interface ApiFigures {
  readonly restarts: readonly RestartFigures[];
  /** Writes by how they ended, without the control. */
  readonly endings: Readonly<Record<'done' | 'refused' | 'unknown', number>>;
  readonly reads: number;
  /** Commits that the service heard nothing of. */
  readonly lostAnswers: number;
  readonly vanished: readonly string[];
  readonly answers: AnswerCounts;
  readonly audit: Audit;
  readonly brokenStreams: readonly string[];
  readonly liveness: { readonly looks: number; readonly bad: number; readonly slowestMs: number };
}

export interface RestartFigures {
  readonly way: string;
  /** From the end of the old server until the new one took a connection. */
  readonly downMs: number;
  /** From then until the service had appended and read an event. */
  readonly backMs: number;
}

/** As many tokens as help to find the others. */
const LISTED = 5;

/** Judges the figures of a run. */
export function judgeApi(figures: ApiFigures, setting: Setting): readonly Claim[] {
  const { restarts, endings, answers, audit, liveness, vanished, brokenStreams, lostAnswers } = figures;
  const busy = (answers.byStatus[503] ?? 0) + (answers.byStatus[504] ?? 0);
  return [
    {
      claim: 'the server was restarted under load, and requests met it',
      held:
        restarts.length === setting.restarts &&
        lostAnswers >= setting.restarts &&
        endings.done >= setting.wanted.writes &&
        busy >= setting.restarts,
      found: `${restarts.length} restarts of ${setting.restarts}; ${endings.done} writes done of ${setting.wanted.writes} wanted; ${lostAnswers} commits whose answers were lost; ${busy} requests answered 503 or 504`,
    },
    claimNone('no acknowledged write is lost', [
      ...listProblem('are not there', audit.lost),
      ...listProblem('were not found by a later read', vanished),
      ...listProblem('stand elsewhere than was said', audit.misplaced),
    ]),
    claimNone('no write is applied twice', listProblem('are there more than once', audit.repeated)),
    claimNone('what was refused was not applied', listProblem('are there', audit.appliedAfterAll)),
    claimNone('no version of a stream is missing or there twice', listProblem('streams', brokenStreams)),
    claimNone(
      'every request has an answer, none is 500, and every 429 and 503 says when to come back',
      listProblem('answers', answers.faults),
    ),
    {
      claim: '/livez never failed',
      held: liveness.looks > 0 && liveness.bad === 0,
      found: `${liveness.bad} of ${liveness.looks} failed, the slowest took ${liveness.slowestMs.toFixed(0)} ms`,
    },
    claimAtMost({
      claim: 'the service is back soon after its server takes connections',
      measured: Math.max(0, ...restarts.map(({ backMs }) => backMs)) / 1_000,
      limit: setting.backWithinSeconds,
      unit: 's',
    }),
    {
      claim: 'who appends again without a key writes twice (control)',
      held: audit.doubled.length > 0,
      found: `${audit.doubled.length} appends are there twice`,
    },
  ];
}

function listProblem(problem: string, tokens: readonly string[]): readonly string[] {
  if (tokens.length === 0) return [];
  const listed = tokens.slice(0, LISTED).join(' | ');
  return [`${tokens.length} ${problem}: ${listed}${tokens.length > LISTED ? ' | …' : ''}`];
}
