import { type Claim, claimNone } from '../../measurement/claims';
import { type Audit, countWrongAnswers } from './audit';
import { sumFaults } from './fault-counts';
import type { RunFigures } from './run-way';
import type { Setting } from './setting';
import { TITLES, WAYS, type Way } from './ways';

/** What the runs came to. */
export type TransfersFigures = Readonly<Record<Way, RunFigures>>;

/** As many ids as help to find the others. */
const LISTED_IDS = 5;

/** Judges the figures of all runs. The controls: without them, the faults would prove nothing. */
export function judgeTransfers(figures: TransfersFigures, setting: Setting): readonly Claim[] {
  const holdfast = WAYS.filter((way) => way !== 'plain');
  return [
    ...WAYS.map((way) => claimFaults(way, figures[way], setting)),
    claimMistakes(figures.plain.audit),
    ...holdfast.flatMap((way) => claimExactlyOnce(way, figures[way].audit)),
    ...(['id', 'ledger'] as const).map((way) => claimKnown(way, figures[way])),
    claimProved('witness', figures.witness),
    claimUnproved(figures.unproved),
  ];
}

/** The same faults for everybody, and enough of them. */
function claimFaults(way: Way, { faults, crashes }: RunFigures, { wanted }: Setting): Claim {
  const { cuts, cutsAtCommit, freezes, freezesAtCommit, rarestAtCommit } = sumFaults(faults);
  return {
    claim: `${TITLES[way]}: connections broke, at COMMIT as well, and the server crashed`,
    held:
      cuts >= wanted.cuts &&
      cutsAtCommit >= wanted.cutsAtCommit &&
      crashes >= wanted.crashes &&
      rarestAtCommit > 0,
    found:
      `${cuts} cuts of ${wanted.cuts} wanted, ${cutsAtCommit} of ${wanted.cutsAtCommit} at COMMIT; ` +
      `${freezes} freezes, ${freezesAtCommit} at COMMIT; ${crashes} crashes of ${wanted.crashes}`,
  };
}

function claimMistakes(audit: Audit): Claim {
  const { missing, appliedAfterAll, repeated } = audit;
  return {
    claim: `${TITLES.plain}: who simply tries again gets it wrong (control)`,
    held: countWrongAnswers(audit) > 0,
    found: `${repeated.length} applied more than once, ${missing.length} lost, ${appliedAfterAll.length} applied and reported failed`,
  };
}

function claimExactlyOnce(way: Way, audit: Audit): readonly Claim[] {
  const title = TITLES[way];
  const { unreported, missing, appliedAfterAll, repeated, distorted, unbalanced, surplus, wrongHooks } =
    audit;
  return [
    claimNone(
      `${title}: what was reported committed is there exactly once, and what was reported failed is not`,
      [
        ...listProblem('have no report', unreported),
        ...listProblem('were committed and are not there', missing),
        ...listProblem('failed and are there', appliedAfterAll),
        ...listProblem('are there more than once', repeated),
        ...listProblem('are not as they were asked for', distorted),
      ],
    ),
    claimNone(`${title}: every account holds what it held at first and the transfers have moved`, [
      ...listProblem('accounts are wrong', unbalanced),
      ...(surplus === 0 ? [] : [`all together hold ${surplus} too much`]),
    ]),
    claimNone(`${title}: hooks ran once after each commit, and after nothing else`, [
      ...listProblem('hooks did not', wrongHooks),
    ]),
  ];
}

/** A token proves every outcome, and so did the witness where it could. */
function claimKnown(way: Way, { audit, course }: RunFigures): Claim {
  return {
    claim: `${TITLES[way]}: no outcome stays unknown`,
    held: audit.unknown === 0 && course.resolvedByToken > 0 && course.resolvedByWitness > 0,
    found: `${audit.unknown} unknown; ${course.resolvedByToken} found out by the token, ${course.resolvedByWitness} by the witness`,
  };
}

function claimProved(way: Way, { audit, course }: RunFigures): Claim {
  return {
    claim: `${TITLES[way]}: finds outcomes out, or says at once that it cannot`,
    held: course.resolvedByWitness > 0 && audit.unknownByTimeout === 0,
    found: `${course.resolvedByWitness} found out, ${renderUnknown(audit)}`,
  };
}

function claimUnproved({ audit }: RunFigures): Claim {
  return {
    claim: `${TITLES.unproved}: a COMMIT without an answer stays unknown (control)`,
    held: audit.unknown > 0 && audit.unknownApplied > 0 && audit.unknownApplied < audit.unknown,
    found: renderUnknown(audit),
  };
}

function renderUnknown({ unknown, unknownApplied }: Audit): string {
  return `${unknown} unknown, of which ${unknownApplied} were applied`;
}

function listProblem(problem: string, ids: readonly number[]): readonly string[] {
  if (ids.length === 0) return [];
  const listed = ids.slice(0, LISTED_IDS).join(', ');
  return [`${ids.length} ${problem}: ${listed}${ids.length > LISTED_IDS ? ', …' : ''}`];
}
