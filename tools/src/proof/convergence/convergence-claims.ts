import { type Claim, claimNone } from '../../measurement/claims';
import type { KillFigures } from './kills';
import type { RaceFigures } from './race-runners';
import type { Setting } from './setting';

/** What the proof has found. */
export interface ConvergenceFigures {
  readonly runners: KillFigures;
  readonly servers: KillFigures;
  readonly plain: KillFigures;
  readonly races: RaceFigures;
}

/** Of a quick run's few points, none may be in a build. */
const FEW_SAMPLES = 'speed';

/** As many as help to find the others. */
const LISTED = 5;

/** Judges the figures. The controls: without them, the kills would prove nothing. */
export function judgeConvergence(
  { runners, servers, plain, races }: ConvergenceFigures,
  setting: Setting,
): readonly Claim[] {
  return [
    claimEnded('runners were killed while they worked', runners, setting.kills),
    claimNone('after each of them, one more run ends in the declared catalog', list(runners.deviations)),
    claimEnded('the server crashed under a runner', servers, setting.crashes),
    claimNone('after each of these too', list(servers.deviations)),
    {
      claim: 'some of them were ended in the middle of a build',
      kind: FEW_SAMPLES,
      held: runners.leftUnusable > 0 && servers.leftUnusable > 0,
      found: `${runners.leftUnusable} runners and ${servers.leftUnusable} crashes left an unusable index`,
    },
    {
      kind: FEW_SAMPLES,
      claim: 'a plain migration whose server crashed ends in another catalog when it is run again (control)',
      held: plain.deviations.length > 0,
      found: `${plain.deviations.length} of ${plain.ended} did, such as ${plain.deviations[0] ?? 'none'}`,
    },
    claimNone(
      `of ${setting.racers} runners at once one works, and the others find nothing to do`,
      list(races.problems),
    ),
    {
      claim: 'in every round of the races',
      held: races.rounds >= setting.rounds && races.won === races.rounds,
      found: `${races.won} of ${races.rounds} rounds`,
    },
  ];
}

/** Enough of them, and such as left work: a runner that is killed too late proves nothing. */
function claimEnded(claim: string, { ended, leftUndone }: KillFigures, wanted: number): Claim {
  return {
    claim,
    held: ended >= wanted && leftUndone > 0,
    found: `${ended} of ${wanted} wanted; ${leftUndone} had not finished`,
  };
}

function list(problems: readonly string[]): readonly string[] {
  const more = problems.length - LISTED;
  return more > 0 ? [...problems.slice(0, LISTED), `and ${more} more`] : problems;
}
