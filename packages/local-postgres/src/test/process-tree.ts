import { execFileSync } from 'node:child_process';

/** The process that started another. */
export function readParentPid(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }).trim());
}
