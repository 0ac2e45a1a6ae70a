import type { Clock, ScheduledTimer } from '@holdfast/resilience';
import type { PoolStats } from '../pool/pool-stats';
import { Episode } from './episode';
import type { PoolAlert, PoolAlertKind } from './manager-events';

/** While an alert is open the pool is looked at so often: nobody announces that a caller begins to wait, or that all is calm. */
const LOOK_MS = 1_000;

type Alert<Stats> = Omit<PoolAlert, 'stats'> & { readonly stats: Stats };

/** What is watched, and who is told. */
interface PressureWatchTerms<Stats extends PoolStats> {
  /** Undefined when there is no pool. */
  readonly readStats: () => Stats | undefined;
  readonly nearCapacityRatio: number;
  readonly calmMs: number;
  readonly clock: Clock;
  readonly tell: (alert: Alert<Stats>) => void;
}

/** Finds out when a pool is near capacity or under pressure, once per episode. */
export class PressureWatch<Stats extends PoolStats> {
  readonly #terms: PressureWatchTerms<Stats>;
  #episodes: Readonly<Record<PoolAlertKind, Episode>>;
  #isLookDue = false;
  #timer: ScheduledTimer | undefined;

  constructor(terms: PressureWatchTerms<Stats>) {
    this.#terms = terms;
    this.#episodes = createEpisodes(terms.calmMs);
  }

  /** To be called when a caller gets a connection: a pool fills up by that alone, and a full one is looked at from then on. */
  notice(): void {
    if (this.#isLookDue) return;
    const stats = this.#terms.readStats();
    if (stats === undefined || !(this.#isNear(stats) || isPressed(stats))) return;
    // The pool counts a caller among the waiting until he has been told; by then the dust has settled.
    this.#isLookDue = true;
    setImmediate(() => {
      this.#isLookDue = false;
      this.look();
    }).unref();
  }

  /** Looks now. */
  look(): void {
    const stats = this.#terms.readStats();
    if (stats === undefined) {
      // What befell a pool that is closed says nothing about the next one.
      this.#episodes = createEpisodes(this.#terms.calmMs);
      return;
    }
    this.#note('near-capacity', this.#isNear(stats), stats.used, stats);
    this.#note('under-pressure', isPressed(stats), stats.waiting, stats);
    if (Object.values(this.#episodes).some(({ isOpen }) => isOpen)) this.#lookAgain();
  }

  /** The pool is not looked at any more unless somebody asks for it. */
  close(): void {
    this.#timer?.cancel();
  }

  #lookAgain(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#terms.clock.schedule(() => {
      this.#timer = undefined;
      this.look();
    }, LOOK_MS);
    this.#timer.unref();
  }

  #note(kind: PoolAlertKind, isTrue: boolean, level: number, stats: Stats): void {
    const change = this.#episodes[kind].note(isTrue, level, this.#terms.clock.nowMs());
    if (change?.kind === 'began') this.#terms.tell({ kind, stats });
    if (change?.kind === 'ended') {
      const { durationMs, peak } = change;
      this.#terms.tell({ kind, stats, ended: { durationMs, peak } });
    }
  }

  #isNear({ used, max }: PoolStats): boolean {
    return used / max >= this.#terms.nearCapacityRatio;
  }
}

function createEpisodes(calmMs: number): Readonly<Record<PoolAlertKind, Episode>> {
  return { 'near-capacity': new Episode(calmMs), 'under-pressure': new Episode(calmMs) };
}

/**
 * Whether callers wait that no connection is there for: neither an idle one, which they get within the tick, nor one
 * being opened. Where fewer connections are open than may be, callers wait for the server and not for each other.
 */
function isPressed({ total, used, waiting, max }: PoolStats): boolean {
  return total >= max && waiting > total - used;
}
