import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalPostgresError, readErrno } from './error';

const pollMs = 20;
/** BSD and macOS: take an exclusive lock while opening. Node names no such constant. */
const openExclusively = 0x20;

/** Held while one process looks at a server's folder and starts the server. */
export type StartLock = AsyncDisposable;

/**
 * Only one process at a time is past this call for the same folder. The kernel gives the lock back when its holder
 * dies, so it can never be stale: an abstract socket on Linux, a lock on an open file on macOS.
 * @throws LocalPostgresError `start_timed_out`
 */
export async function acquireStartLock(
  folder: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<StartLock> {
  const tryLock = process.platform === 'linux' ? tryAbstractSocket : tryLockedFile;
  for (let waitedMs = 0; waitedMs < options.timeoutMs; waitedMs += pollMs) {
    const lock = await tryLock(folder);
    if (lock !== undefined) return lock;
    await sleep(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  throw new LocalPostgresError(
    'start_timed_out',
    `another process has been starting the server in ${folder} for ${options.timeoutMs} ms`,
  );
}

async function tryAbstractSocket(folder: string): Promise<StartLock | undefined> {
  const name = `\0holdfast-${createHash('sha256').update(folder).digest('hex')}`;
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) => (readErrno(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => {
      resolve({ [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) });
    });
  });
}

async function tryLockedFile(folder: string): Promise<StartLock | undefined> {
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | openExclusively;
    const file = await open(join(folder, 'start.lock'), flags);
    return { [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    if (readErrno(error) === 'EAGAIN') return undefined;
    throw error;
  }
}
