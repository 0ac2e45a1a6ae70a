import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LocalPostgresError } from './error';
import type { Command, Reply, StartRequest } from './supervisor-protocol';

// The built file, from `src` and from `dist` alike.
const supervisorFile = join(__dirname, '..', 'dist', 'supervisor.js');

/** What the supervisor said when the server accepted connections. */
export type Running = Extract<Reply, { kind: 'running' }>;

/** This process's end of the channel to a supervisor. The server ends when the channel does. */
export interface SupervisedServer {
  readonly running: Running;
  /** Sends a command and resolves with the answer. One at a time. */
  command(command: Command): Promise<Reply>;
  /** The supervisor has ended; resolves with the signal that killed it, or undefined if it ended by itself. */
  close(): Promise<NodeJS.Signals | undefined>;
  /** Runs once if the supervisor is killed while the channel is open. */
  onKilled(listener: () => void): void;
}

/**
 * A supervisor is running, and its server accepts connections. Neither keeps this process alive.
 * @param signal gives up the start; it does nothing later
 * @throws LocalPostgresError whatever kept the server from starting
 */
export async function startSupervisedServer(
  request: StartRequest,
  signal?: AbortSignal,
): Promise<SupervisedServer> {
  signal?.throwIfAborted();
  const supervisor = spawn(process.execPath, [supervisorFile], {
    cwd: '/',
    detached: true,
    // NODE_OPTIONS and the like are meant for the application.
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(supervisor, 'exit');
  ended.catch(() => undefined);
  // Not "exit": that may be noticed before the last message has been read.
  const disconnected = once(supervisor, 'disconnect');
  disconnected.catch(() => undefined);
  let closing = false;

  const ask = async (message: StartRequest | Command): Promise<Reply> => {
    const answer = once(supervisor, 'message');
    answer.catch(() => undefined);
    supervisor.ref();
    supervisor.channel?.ref();
    try {
      supervisor.send(message, () => undefined);
      const reply: Reply | undefined = await Promise.race([
        answer.then(([reply]) => reply),
        disconnected.then(() => undefined),
      ]);
      if (reply === undefined) {
        await ended;
        throw new LocalPostgresError('supervisor_failed', describeEnd(supervisor));
      }
      if (reply.kind === 'failed') throw new LocalPostgresError(reply.code, reply.message);
      return reply;
    } finally {
      supervisor.unref();
      supervisor.channel?.unref();
    }
  };

  // Closing the channel is how a supervisor learns that nobody wants its server any more.
  const giveUp = () => supervisor.connected && supervisor.disconnect();
  signal?.addEventListener('abort', giveUp, { once: true });
  const running = await ask(request).finally(() => {
    signal?.removeEventListener('abort', giveUp);
    signal?.throwIfAborted();
  });
  if (running.kind !== 'running') {
    throw new LocalPostgresError('supervisor_failed', `the supervisor answered "${running.kind}" to a start`);
  }
  return {
    running,
    command: ask,
    close: async () => {
      closing = true;
      supervisor.ref();
      if (supervisor.connected) supervisor.disconnect();
      await ended;
      return supervisor.signalCode ?? undefined;
    },
    onKilled: (listener) => {
      supervisor.once('exit', (_code, signal) => {
        if (signal !== null && !closing) listener();
      });
    },
  };
}

function describeEnd({ exitCode, signalCode }: ChildProcess): string {
  return `the supervisor ended (${signalCode ?? `status ${exitCode}`}) before the server was ready`;
}
