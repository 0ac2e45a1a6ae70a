import type { MessageVerdict } from '@holdfast/local-postgres';
import { createRandom, type Random } from '../random';
import type { Setting } from './setting';

/** What is done to a connection. */
export interface Fault {
  readonly verdict: MessageVerdict;
  /** After how long a frozen connection goes on, in milliseconds. */
  readonly thawMs: number;
}

/** A fault at COMMIT itself, or at what answers it. */
export interface CommitFault extends Fault {
  readonly place: 'request' | 'answer';
}

/** A fault at whichever message passes, on whichever connection, when so many others have. */
interface MessageFault extends Fault {
  readonly skip: number;
}

/**
 * The server ends without a goodbye.
 * - `halt`: all of it, at once; it is started again.
 * - `kill`: one of its processes is killed, whereupon it ends all others and starts over by itself.
 */
export interface Crash {
  readonly way: 'halt' | 'kill';
  /** What befalls every COMMIT until the server is down; nothing where undefined. */
  readonly storm: Fault | undefined;
}

/** When faults strike: by the number of the COMMIT, counted over all clients, from 1. */
export interface FaultPlan {
  readonly commitFaults: ReadonlyMap<number, CommitFault>;
  readonly messageFaults: ReadonlyMap<number, readonly MessageFault[]>;
  readonly crashes: ReadonlyMap<number, Crash>;
}

const VERDICTS = ['cut-before', 'cut-after', 'freeze', 'freeze-after'] as const;
const PLACES = ['request', 'answer'] as const;
/** Transfers that are refused send no COMMIT: what is planned for the last ones might never come. */
const PLANNED_SHARE = 0.85;
/** About what all clients send and receive between two COMMITs is fewer. */
const LONGEST_SKIP = 60;

/** Draws where faults strike in a run: the same for the same seed. */
export function drawFaultPlan(setting: Setting): FaultPlan {
  const { seed, transfers, crashes, commitFaultsOfEachKind, messageCuts, messageFreezes } = setting;
  const random = createRandom(seed, 'faults');
  const last = Math.floor(transfers * PLANNED_SHARE);
  const draw = (verdict: MessageVerdict): Fault => ({
    verdict,
    thawMs: Math.ceil(random() * setting.longestFreezeMs),
  });

  const kinds = PLACES.flatMap((place) => VERDICTS.map((verdict) => ({ place, verdict })));
  const commitFaults = drawDistinct(kinds.length * commitFaultsOfEachKind, last, random).map((commit, at) => {
    const { place, verdict } = kinds[at % kinds.length] ?? { place: 'request', verdict: 'cut-before' };
    return [commit, { place, ...draw(verdict) }] as const;
  });

  const messageFaults = new Map<number, MessageFault[]>();
  for (let drawn = 0; drawn < messageCuts + messageFreezes; drawn++) {
    const [before, after] = drawn < messageCuts ? VERDICTS.slice(0, 2) : VERDICTS.slice(2);
    const verdict = (random() < 0.5 ? before : after) ?? 'cut-before';
    const fault = { ...draw(verdict), skip: Math.floor(random() * LONGEST_SKIP) };
    const commit = 1 + Math.floor(random() * last);
    messageFaults.set(commit, [...(messageFaults.get(commit) ?? []), fault]);
  }

  return { commitFaults: new Map(commitFaults), messageFaults, crashes: drawCrashes(crashes, last, draw) };
}

/** Evenly spaced, so that a server has time to come back; the ways and the storms take turns. */
function drawCrashes(
  crashes: number,
  last: number,
  draw: (verdict: MessageVerdict) => Fault,
): ReadonlyMap<number, Crash> {
  const storms = ['cut-before', 'freeze', 'cut-after', undefined] as const;
  const planned = Array.from({ length: crashes }, (_, at) => {
    const verdict = storms[Math.floor(at / 2) % storms.length];
    const crash: Crash = {
      way: at % 2 === 0 ? 'halt' : 'kill',
      storm: verdict === undefined ? undefined : draw(verdict),
    };
    return [Math.floor(((at + 1) * last) / (crashes + 1)), crash] as const;
  });
  return new Map(planned);
}

/** So many different whole numbers from 1 to `last`, in random order. */
function drawDistinct(count: number, last: number, random: Random): readonly number[] {
  const drawn = new Set<number>();
  while (drawn.size < Math.min(count, last)) drawn.add(1 + Math.floor(random() * last));
  return [...drawn];
}
