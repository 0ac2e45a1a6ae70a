import { type Claim, claimAtLeast, claimAtMost, claimNone } from '../../measurement/claims';
import { MIGRATED, type OnlineFigures, type PlainFigures } from './phases';

/** While indexes come and go, the slowest in a hundred appends takes at most so much longer. */
const MOST_TIMES_SLOWER = 3;

/** Judges what the writers have seen. The control: without it, a table too small would prove nothing. */
export function judgeOnline(online: OnlineFigures, plain: PlainFigures): readonly Claim[] {
  const { phases, migration, problems, lost } = online;
  const failures = Object.entries(phases).flatMap(([phase, { failed, failure }]) =>
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
    claimAtLeast({
      claim:
        'an ordinary migration stops the writers for longer than the longest append took with ours (control)',
      measured: plain.build.longestMs / migration.longestMs,
      limit: 3,
      unit: '×',
    }),
  ];
}
