import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Which cores the client and new server processes may run on, as lists of core numbers. */
export interface Placement {
  readonly name: 'one core' | 'a core each' | 'as scheduled';
  readonly client: string;
  readonly server: string;
}

const STATUS = '/proc/self/status';

/**
 * Lists where one caller and the server that it waits for are to be measured. Left to itself, the scheduler puts them now
 * on one core and now on two, each connection in its own way, and waking another core may take as long as a whole lookup:
 * the same differs by a factor of two. On one core, time is the processor time of both; on a core each, there is the wait
 * besides, as there is over a network. Where processes cannot be bound to cores, they run as scheduled.
 */
export function listPlacements(cores: readonly number[]): readonly [Placement, ...Placement[]] {
  const [first, second] = cores;
  if (first === undefined) return [freely(cores)];
  const together: Placement = { name: 'one core', client: `${first}`, server: `${first}` };
  if (second === undefined) return [together];
  return [together, { name: 'a core each', client: `${first}`, server: `${second}` }];
}

/** Every core that this process may use, for client and server alike: several callers keep all of them busy. */
export function freely(cores: readonly number[]): Placement {
  const all = cores.join(',');
  return { name: 'as scheduled', client: all, server: all };
}

/** From now on, this thread and connections that are opened run where they are placed. */
export function place({ client, server }: Placement, postmasterPid: number): void {
  if (client === '') return;
  bind(process.pid, client);
  bind(postmasterPid, server);
}

/** The cores that this process may use, before it is bound to fewer; none where it cannot be bound. */
export function readCores(): readonly number[] {
  if (!existsSync(STATUS)) return [];
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(STATUS, 'utf8'))?.[1] ?? '';
  const cores = parseCores(list);
  // Binds to what it is bound to: whether that can be done at all.
  return runTaskset(process.pid, cores.join(',')) ? cores : [];
}

/** Reads a list such as `0-2,5`. */
export function parseCores(list: string): readonly number[] {
  return list
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = Number.NaN, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, at) => from + at);
    });
}

function bind(pid: number, cores: string): void {
  if (!runTaskset(pid, cores)) throw new Error(`taskset could not bind process ${pid} to ${cores}`);
}

function runTaskset(pid: number, cores: string): boolean {
  return spawnSync('taskset', ['-cp', cores, String(pid)], { stdio: 'ignore' }).status === 0;
}
