import type { Client } from 'pg';
import { createRandom, type Random } from '../../proof/random';
import { readServerCpuMs } from '../server-cpu';
import type { OperationName } from './layer';
import { BASELINE } from './line-up';
import type { LayerProcess } from './open-layer-process';
import { OPERATIONS, type Operation } from './operations';
import type { Setting } from './setting';
import { sweepTables } from './tables';

/** What a turn took for each call. Times in milliseconds. */
export interface Sample {
  readonly wallMs: number;
  readonly clientCpuMs: number;
  readonly serverCpuMs: number;
}

/** All turns at one operation with so many callers: by layer, a sample for each round it took part in. */
export interface Cell {
  readonly operation: OperationName;
  readonly callers: number;
  /** Of each turn. */
  readonly calls: number;
  readonly samples: Readonly<Record<string, readonly (Sample | undefined)[]>>;
}

export interface Rounds {
  readonly rounds: number;
  readonly cells: readonly Cell[];
}

interface Circumstances {
  readonly setting: Setting;
  readonly client: Client;
  readonly postmasterPid: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** A turn warms up with this part of its calls. */
const WARM_UP_PART = 8;

/**
 * Every layer takes its turn at every operation, round by round, in an order that is drawn anew each time. In a turn, all
 * make the same calls.
 */
export async function takeRounds(
  layers: readonly LayerProcess[],
  circumstances: Circumstances,
): Promise<Rounds> {
  const { setting, signal, say } = circumstances;
  const startedMs = performance.now();
  const courses: Course[] = [];
  for (const operation of OPERATIONS) {
    for (const callers of setting.callers) {
      say(`Warming up: ${operation.title}, ${callers} at once …`);
      courses.push(await Course.open(layers, { operation, callers }, circumstances));
    }
  }
  const random = createRandom(setting.seed, 'order of turns');
  let rounds = 0;
  while (rounds < setting.rounds && performance.now() - startedMs < setting.mostMs) {
    for (const course of courses) {
      signal.throwIfAborted();
      await course.takeRound(rounds, random);
    }
    rounds += 1;
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    say(`Round ${rounds} of ${setting.rounds}, ${seconds} s`);
  }
  return { rounds, cells: courses.map((course) => course.cell) };
}

interface Subject {
  readonly operation: Operation;
  readonly callers: number;
}

/** One operation with so many callers, from its warm-up to its last round. */
class Course {
  readonly #layers: readonly LayerProcess[];
  readonly #subject: Subject;
  readonly #circumstances: Circumstances;
  readonly #samples = new Map<LayerProcess, (Sample | undefined)[]>();
  readonly #slow = new Set<LayerProcess>();
  #calls = 0;
  #nextCall = 0;

  private constructor(layers: readonly LayerProcess[], subject: Subject, circumstances: Circumstances) {
    this.#layers = layers.filter(({ operations }) => operations.includes(subject.operation.name));
    this.#subject = subject;
    this.#circumstances = circumstances;
    for (const layer of this.#layers) this.#samples.set(layer, []);
  }

  /** Every layer is warm, and it is known how many calls a turn has, and who is slow. */
  static async open(
    layers: readonly LayerProcess[],
    subject: Subject,
    circumstances: Circumstances,
  ): Promise<Course> {
    const course = new Course(layers, subject, circumstances);
    for (const layer of course.#layers) await course.#warmUp(layer);
    return course;
  }

  get cell(): Cell {
    const { operation, callers } = this.#subject;
    const samples = [...this.#samples].map(([{ contender }, taken]) => [contender.name, taken] as const);
    return { operation: operation.name, callers, calls: this.#calls, samples: Object.fromEntries(samples) };
  }

  async takeRound(round: number, random: Random): Promise<void> {
    const firstCall = this.#nextCall;
    this.#nextCall += this.#calls + this.#warmUpCalls;
    for (const layer of shuffle(this.#layers, random)) {
      const samples = this.#samples.get(layer);
      const takesPart = !this.#slow.has(layer) || isSlowRound(round, this.#circumstances.setting);
      samples?.push(takesPart ? await this.#takeTurn(layer, firstCall) : undefined);
    }
  }

  get #warmUpCalls(): number {
    return Math.ceil(this.#calls / WARM_UP_PART);
  }

  async #warmUp(layer: LayerProcess): Promise<void> {
    const { setting, signal } = this.#circumstances;
    const { callers } = this.#subject;
    const isBaseline = layer.contender.name === BASELINE;
    const startedMs = performance.now();
    let calls = callers;
    let perCallMs = 0;
    do {
      signal.throwIfAborted();
      perCallMs = (await this.#run(layer, { calls, warmUpCalls: 0, firstCall: 0 })).wallMs;
      calls = roundUp(Math.min(2 * calls, setting.warmUpMs / perCallMs), callers);
    } while (performance.now() - startedMs < setting.warmUpMs);
    if (isBaseline) this.#calls = roundUp(setting.turnMs / perCallMs, callers);
    else if (perCallMs * this.#calls > setting.slowTurnMs) this.#slow.add(layer);
  }

  #takeTurn(layer: LayerProcess, firstCall: number): Promise<Sample> {
    return this.#run(layer, { calls: this.#calls, warmUpCalls: this.#warmUpCalls, firstCall });
  }

  async #run(
    layer: LayerProcess,
    turn: { readonly calls: number; readonly warmUpCalls: number; readonly firstCall: number },
  ): Promise<Sample> {
    const { operation, callers } = this.#subject;
    const { client, postmasterPid } = this.#circumstances;
    if (operation.writes) await sweepTables(client);
    const take = await layer.prepare({ operation: operation.name, callers, ...turn });
    const before = readServerCpuMs(postmasterPid);
    const { elapsedMs, cpuMs } = await take();
    const serverCpuMs = readServerCpuMs(postmasterPid) - before;
    const { calls } = turn;
    return { wallMs: elapsedMs / calls, clientCpuMs: cpuMs / calls, serverCpuMs: serverCpuMs / calls };
  }
}

/** They are spread evenly over all rounds. */
function isSlowRound(round: number, { rounds, slowRounds }: Setting): boolean {
  return round % Math.max(1, Math.floor(rounds / slowRounds)) === 0;
}

function roundUp(calls: number, callers: number): number {
  return Math.max(1, Math.ceil(calls / callers)) * callers;
}

function shuffle<T>(ordered: readonly T[], random: Random): readonly T[] {
  return ordered
    .map((one) => ({ one, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ one }) => one);
}
