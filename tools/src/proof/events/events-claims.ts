import { type Claim, claimNone } from '../../measurement/claims';
import type { DecisionFigures } from './run-decisions';
import type { Setting } from './setting';
import type { StreamAudit } from './stream-audit';

/** What the scenes came to. */
export interface EventsFigures {
  readonly streams: StreamAudit;
  readonly conditions: DecisionFigures;
  /** The control: the same decisions, looked at once more before the append, without locks. */
  readonly unlocked: DecisionFigures;
}

/** Judges the figures of all scenes. */
export function judgeEvents(
  { streams, conditions, unlocked }: EventsFigures,
  { wanted }: Setting,
): readonly Claim[] {
  const { appended, conflicts } = streams;
  return [
    {
      claim: 'streams: clients got in each other’s way often enough',
      held: appended >= wanted.appends && conflicts >= wanted.conflicts,
      found: `${appended} appends of ${wanted.appends} wanted, ${conflicts} conflicts of ${wanted.conflicts}`,
    },
    claimNone('streams: no version is missing or there twice', streams.streams),
    claimNone('streams: what was appended stands where it was said to stand', streams.successes),
    claimNone('streams: who was told of a conflict had one', streams.wrongConflicts),
    claimNone('log: its reader saw every event once and in order', streams.reader),
    claimNone('worker: every event was handled once, in the order of its stream', streams.worker),
    {
      claim: 'conditions: clients overtook each other often enough',
      held: conditions.decisions.overtaken > 0 && conditions.decisions.appended > 0,
      found: renderDecisions(conditions),
    },
    claimNone(
      'conditions: no account was ever overdrawn',
      conditions.overdrawn === 0 ? [] : [`${conditions.overdrawn} were, down to ${conditions.lowest}`],
    ),
    claimNone('conditions: every name was given, and to one client', [
      ...(conditions.sharedNames > 0 ? [`${conditions.sharedNames} names were given to several`] : []),
      ...(conditions.freeNames > 0 ? [`${conditions.freeNames} names were given to nobody`] : []),
    ]),
    {
      claim: 'without locks accounts are overdrawn, and names given twice (control)',
      held: unlocked.overdrawn > 0 && unlocked.sharedNames > 0,
      found: `${unlocked.overdrawn} accounts overdrawn, down to ${unlocked.lowest}; ${unlocked.sharedNames} names given to several`,
    },
  ];
}

function renderDecisions({ decisions: { appended, overtaken, forbidden } }: DecisionFigures): string {
  return `${appended} appended, ${overtaken} overtaken, ${forbidden} forbidden by what had been read`;
}
