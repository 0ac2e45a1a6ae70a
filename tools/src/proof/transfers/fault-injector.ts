import type { MessageVerdict, PostgresProxy, ProxyMessage } from '@holdfast/local-postgres';
import type { FaultCounts, Place } from './fault-counts';
import type { CommitFault, Crash, Fault, FaultPlan } from './fault-plan';

/** Lets the server crash. `onDown` is called once it is; resolves when it is back. */
export type RunCrash = (way: Crash['way'], onDown: () => void) => Promise<void>;

/** Breaks connections, and the server, as planned, and counts what it did. */
export class FaultInjector {
  readonly #plan: FaultPlan;
  readonly #runCrash: RunCrash;
  readonly #proxies = new Set<PostgresProxy>();
  readonly #thaws = new Set<NodeJS.Timeout>();
  readonly #crashes: Promise<void>[] = [];
  /** By the id of the connection whose next answer to a COMMIT is meant. */
  readonly #awaitedAnswers = new Map<number, CommitFault>();
  /** Connections whose COMMIT was seen, and its answer not yet. */
  readonly #requested = new Set<number>();
  /** Meant for a request that was not seen: the next that is seen has it. */
  readonly #postponed: Fault[] = [];
  readonly #counts = {
    request: countNothing(),
    answer: countNothing(),
    elsewhere: countNothing(),
  } satisfies FaultCounts;
  #pending: { left: number; readonly fault: Fault }[] = [];
  #storm: Fault | undefined;
  #commits = 0;
  #crashed = 0;
  #isOver = false;

  constructor(plan: FaultPlan, runCrash: RunCrash) {
    this.#plan = plan;
    this.#runCrash = runCrash;
  }

  get counts(): FaultCounts {
    return this.#counts;
  }

  /** Crashes that the server has come back from. */
  get crashes(): number {
    return this.#crashed;
  }

  /** From now on, the connections through this proxy may break. */
  attach(proxy: PostgresProxy): void {
    this.#proxies.add(proxy);
    proxy.onMessage((message) => this.#judge(message, proxy));
  }

  /**
   * Nothing breaks any more, the server is up, and whatever was frozen goes on: what was held back arrives.
   * @throws what kept the server from crashing or coming back.
   */
  async end(): Promise<void> {
    this.#isOver = true;
    try {
      await Promise.all(this.#crashes);
    } finally {
      for (const timer of this.#thaws) clearTimeout(timer);
      for (const proxy of this.#proxies) proxy.thaw();
    }
  }

  #judge(message: ProxyMessage, proxy: PostgresProxy): MessageVerdict | undefined {
    if (this.#isOver) return undefined;
    const place = readPlace(message);
    const fault = this.#findFault(place, message.connection.id) ?? this.#takeMessageFault();
    if (fault === undefined) return undefined;
    const { verdict, thawMs } = fault;
    this.#counts[place][verdict] += 1;
    if (verdict === 'freeze' || verdict === 'freeze-after') this.#thawLater(proxy, thawMs);
    return verdict;
  }

  #findFault(place: Place, connectionId: number): Fault | undefined {
    switch (place) {
      case 'request':
        this.#requested.add(connectionId);
        return this.#meetCommit(connectionId) ?? this.#postponed.shift();
      case 'answer': {
        // One that is executed by its name looks like any other statement: it is met when it is answered.
        const met = this.#requested.delete(connectionId) ? undefined : this.#meetCommit(connectionId);
        if (met !== undefined && !('place' in met)) return met;
        if (met !== undefined) this.#postponed.push(met);
        const fault = this.#awaitedAnswers.get(connectionId);
        this.#awaitedAnswers.delete(connectionId);
        return fault;
      }
      case 'elsewhere':
        return undefined;
      default:
        return place satisfies never;
    }
  }

  #meetCommit(connectionId: number): Fault | undefined {
    this.#commits += 1;
    const { messageFaults, crashes, commitFaults } = this.#plan;
    for (const fault of messageFaults.get(this.#commits) ?? []) {
      this.#pending.push({ left: fault.skip, fault });
    }
    const crash = crashes.get(this.#commits);
    if (crash !== undefined) this.#crashes.push(this.#crash(crash));
    const fault = commitFaults.get(this.#commits);
    if (fault?.place === 'answer') this.#awaitedAnswers.set(connectionId, fault);
    return fault?.place === 'request' ? fault : this.#storm;
  }

  #takeMessageFault(): Fault | undefined {
    if (this.#pending.length === 0) return undefined;
    for (const pending of this.#pending) pending.left -= 1;
    const due = this.#pending.find(({ left }) => left < 0);
    if (due === undefined) return undefined;
    this.#pending = this.#pending.filter((pending) => pending !== due);
    return due.fault;
  }

  async #crash({ way, storm }: Crash): Promise<void> {
    this.#storm = storm;
    try {
      await this.#runCrash(way, () => {
        this.#storm = undefined;
      });
      this.#crashed += 1;
    } finally {
      this.#storm = undefined;
    }
  }

  /** The connections of one proxy go on together, if several of them are frozen. */
  #thawLater(proxy: PostgresProxy, thawMs: number): void {
    const timer = setTimeout(() => {
      this.#thaws.delete(timer);
      proxy.thaw();
    }, thawMs);
    this.#thaws.add(timer);
  }
}

function readPlace({ direction, type, text }: ProxyMessage): Place {
  if (text !== 'COMMIT') return 'elsewhere';
  // Where it goes out with writes, its text is seen when it is prepared.
  if (direction === 'frontend' && (type === 'Q' || type === 'P')) return 'request';
  return direction === 'backend' && type === 'C' ? 'answer' : 'elsewhere';
}

function countNothing(): Record<MessageVerdict, number> {
  return { 'cut-before': 0, 'cut-after': 0, freeze: 0, 'freeze-after': 0 };
}
