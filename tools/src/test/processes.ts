import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The process and the one that started it. */
export function listWithParent(pid: number): number[] {
  return [pid, Number(spawnSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).stdout)];
}

/** The processes that this one has started, and those that they have, as far as they still run. */
export function listDescendants(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' });
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const list = (parent: number): number[] =>
    pairs.flatMap(([of, child]) => (of === parent && child !== undefined ? [child, ...list(child)] : []));
  return list(pid);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const PATIENCE_MS = 20_000;

/** Resolves once none of the processes runs; rejects if one never ends. */
export async function waitForEnd(pids: readonly number[]): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (pids.some(isRunning)) {
    if (performance.now() > giveUpAt) throw new Error(`still running: ${pids.filter(isRunning).join(', ')}`);
    await sleep(20);
  }
}
