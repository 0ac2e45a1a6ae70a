import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { readErrno } from './error';

const execFileAsync = promisify(execFile);

/**
 * A token that differs between two processes that had the same process id at different times, or in different
 * process namespaces: `<namespace>-<start time>`, of characters that are safe in a file name. Undefined if no such
 * process runs (a zombie counts as gone).
 */
export async function readProcessIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const startedAt = await readFromPs('lstart', pid);
    return startedAt === undefined ? undefined : `0-${Math.trunc(Date.parse(startedAt) / 1000)}`;
  }
  const stat = await readProc(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold blanks; the third is the state, the 22nd the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  return `${await readNamespace()}-${fields[19]}`;
}

/** The namespace that process ids are counted in. A folder from another container says nothing about our processes. */
export async function readNamespace(): Promise<string> {
  if (process.platform !== 'linux') return '0';
  return (await readlink('/proc/self/ns/pid').catch(() => '')).replace(/\D/g, '') || '0';
}

/** The command line of a running process; undefined if there is none. */
export async function readCommandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return readFromPs('command', pid);
  const line = await readProc(pid, 'cmdline');
  return line === undefined || line === '' ? undefined : line.replace(/\0$/, '').replaceAll('\0', ' ');
}

/** Whether a signal could be sent to the process, or only its owner forbids it. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return readErrno(error) === 'EPERM';
  }
}

async function readProc(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
}

async function readFromPs(column: string, pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await execFileAsync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], {
      env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
    });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
