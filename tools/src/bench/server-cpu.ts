import { readdirSync, readFileSync } from 'node:fs';

/** A tick of `/proc`, in ms, on every Linux that Node runs on. */
const TICK_MS = 10;

/**
 * Processor time that the processes of a server have taken so far, all together, in ms; NaN where the system does not tell. One
 * that ends takes its time with it.
 */
export function readServerCpuMs(postmasterPid: number): number {
  try {
    return listChildren(postmasterPid).reduce((sum, pid) => sum + readCpuMs(pid), 0);
  } catch {
    return Number.NaN;
  }
}

function listChildren(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  } catch {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(readStat(name)[1]) === pid);
  }
}

/** By the scheduler's own account, in ns, where it is kept: ticks are coarse for a turn of a few of them. */
function readCpuMs(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    const [user = '0', system = '0'] = readStat(pid).slice(11, 13);
    return (Number(user) + Number(system)) * TICK_MS;
  }
}

/** What stands behind the name, which is in parentheses and may hold anything. Nothing for a process that has ended. */
function readStat(pid: string): readonly string[] {
  try {
    return /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]?.split(' ') ?? [];
  } catch {
    return [];
  }
}
