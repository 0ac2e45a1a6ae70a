import { readFileSync } from 'node:fs';

/** A tick of `/proc`, in ms, on every Linux that Node runs on. */
const TICK_MS = 10;

/** Processor time that a process has taken so far, all its threads, in ms; undefined where the system does not tell. */
function readCpuMs(pid: number): number | undefined {
  try {
    // The name, in parentheses, may hold anything.
    const [, fields = ''] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return user === undefined || system === undefined ? undefined : (user + system) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** What two processes take of one core while work runs, as parts of 1. */
export interface CpuShares {
  readonly server: number | undefined;
  readonly client: number;
}

/** Runs work, and says what the server and this process, which is the client, took of a core meanwhile. */
export async function measureCpu<T>(
  serverPid: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly cpu: CpuShares }> {
  const [startedMs, server, client] = [performance.now(), readCpuMs(serverPid), process.cpuUsage()];
  const value = await work();
  const tookMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(client);
  const after = readCpuMs(serverPid);
  const serverMs = server === undefined || after === undefined ? undefined : after - server;
  return {
    value,
    cpu: { server: serverMs && serverMs / tookMs, client: (user + system) / 1_000 / tookMs },
  };
}
