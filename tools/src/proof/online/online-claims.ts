import { type Claim, claimAtLeast, claimAtMost, claimNone } from '../../measurement/claims';
import { MIGRATED, type OnlineFigures, type PlainFigures } from './phases';

/** While indexes come and go, the slowest in a hundred appends takes at most so much longer. */
const MOST_TIMES_SLOWER = 3;

/** In milliseconds: a stop of all writers would be four slow appends, of which a percentile says nothing. */
const LONGEST_STALL = 500;

/** Judges what the writers have seen. The control: without it, a table too small would prove nothing. */
export function judgeOnline(online: OnlineFigures, plain: PlainFigures): readonly Claim[] {
  const { phases, migration, between, problems, lost } = online;
  const failures = Object.entries({ ...phases, between }).flatMap(([phase, { failed, failure }]) =>
    failed === 0 ? [] : [`${phase}: ${failed} failed, such as ${failure}`],
  );
  return [
    claimNone('every index was built, replaced and dropped', problems),
    claimNone('no append failed', failures),
    claimNone('every append that was confirmed is there', lost === 0 ? [] : [`${lost} are not`]),
    claimNone(
      'there were appends in every phase',
      MIGRATED.filter((phase) => phases[phase].appended === 0).map((phase) => `none during ${phase}`),
    ),
    claimAtMost({
      claim: 'during the migration the slowest in a hundred appends takes little longer than before',
      measured: migration.p99Ms / phases.before.p99Ms,
      limit: MOST_TIMES_SLOWER,
      unit: '×',
    }),
    // Dropping takes a second, and is judged with the others: it has too few appends to have a slowest in a hundred.
    ...(['build', 'replace'] as const).map((phase) =>
      claimAtMost({
        claim: `${phase}: the same of that time alone`,
        measured: phases[phase].p99Ms / phases.before.p99Ms,
        limit: MOST_TIMES_SLOWER,
        unit: '×',
      }),
    ),
    claimAtMost({
      claim: 'no append stalls',
      measured: migration.longestMs,
      limit: LONGEST_STALL,
      unit: 'ms',
    }),
    claimAtLeast({
      claim:
        'an ordinary migration stops the writers for longer than the longest append took with ours (control)',
      measured: plain.build.longestMs / migration.longestMs,
      limit: 3,
      unit: '×',
    }),
  ];
}
