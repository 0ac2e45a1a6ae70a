import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What V8 writes with `--cpu-prof`, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  /** Between samples, in µs. */
  readonly timeDeltas: readonly number[];
}

/** What the functions of a package took themselves, of all time in which the process was busy. */
export interface PackageShare {
  readonly name: string;
  /** From 0 to 1. */
  readonly share: number;
  /** Its most expensive function, and what that took, of all time. */
  readonly top: string;
  readonly topShare: number;
}

const IDLE = '(idle)';

/**
 * Adds up the time of each package, most expensive first. Time in which the process waited does not count, nor what comes before
 * `fromMs` after its start: loading modules.
 */
export function readShares({ nodes, samples, timeDeltas }: CpuProfile, fromMs = 0): readonly PackageShare[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const packages = new Map<string, { us: number; readonly functions: Map<string, number> }>();
  let [busyUs, passedUs] = [0, 0];
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id);
    const us = Math.max(0, timeDeltas[at] ?? 0);
    passedUs += us;
    if (passedUs < fromMs * 1_000) continue;
    if (frame === undefined || frame.functionName === IDLE) continue;
    busyUs += us;
    const name = packageOf(frame);
    const entry = packages.get(name) ?? { us: 0, functions: new Map<string, number>() };
    packages.set(name, entry);
    entry.us += us;
    const title = frame.functionName || '(anonymous)';
    entry.functions.set(title, (entry.functions.get(title) ?? 0) + us);
  }
  return [...packages]
    .map(([name, { us, functions }]) => {
      const [top = '', topUs = 0] = [...functions].reduce((most, one) => (one[1] > most[1] ? one : most));
      return { name, share: us / busyUs, top, topShare: topUs / busyUs };
    })
    .toSorted((one, other) => other.share - one.share);
}

/** What is no JavaScript of anybody: `(program)` is what the runtime does in native code, such as sockets and parsing. */
function packageOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'V8';
  if (url.startsWith('node:')) return 'Node.js';
  const [, installed] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (installed !== undefined) return installed;
  const [, own] = /\/(?:packages|apps)\/([^/]+)\/dist\//.exec(url) ?? [];
  return own === undefined ? 'other' : `@holdfast/${own}`;
}

/** A folder into which one process writes its profile when it ends. */
export interface ProfileFolder extends AsyncDisposable {
  readonly nodeOptions: readonly string[];
  /** What was written. */
  read(): Promise<CpuProfile>;
}

export async function openProfileFolder(): Promise<ProfileFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-profile-'));
  return {
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
    async read() {
      const [file] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
      if (file === undefined) throw new Error('the process has written no profile');
      return JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
