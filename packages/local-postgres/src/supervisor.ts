import { on } from 'node:events';
import { LocalPostgresError } from './error';
import { type Owner, supervise } from './supervision';
import type { Command, Reply, StartRequest } from './supervisor-protocol';

/** More than stopping a server takes in the worst case (fast, immediate, killed). */
const goodbyeLimitMs = 60_000;

/**
 * The process between an owner and its server. It lives in a session of its own, so a Ctrl-C in the owner's terminal
 * reaches the owner alone, which can still use the database while it shuts down. The channel to the owner is closed
 * by the kernel however the owner dies; that, or SIGTERM, is the one order to stop.
 */
function main(): void {
  const gone = new AbortController();
  process.once('disconnect', () => gone.abort());
  process.once('SIGTERM', () => gone.abort());
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

  // Whatever it is doing then, no supervisor stays: the kernel or the next start finishes what it could not.
  gone.signal.addEventListener('abort', () => setTimeout(() => process.exit(1), goodbyeLimitMs).unref());

  process.once('message', (request: StartRequest) => {
    const owner: Owner = { gone: gone.signal, send, commands: readCommands(gone.signal) };
    supervise(request, owner)
      .catch(sendFailure)
      .finally(() => {
        if (process.connected) process.disconnect();
        // A background server's process would otherwise be waited for; everything else has ended.
        process.exitCode = 0;
      });
  });
}

async function* readCommands(signal: AbortSignal): AsyncGenerator<Command> {
  try {
    for await (const [command] of on(process, 'message', { signal })) yield command;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function send(reply: Reply): void {
  // The owner may die at any moment; nobody is left to tell then.
  if (process.connected) process.send?.(reply, () => undefined);
}

function sendFailure(error: unknown): void {
  if (error instanceof LocalPostgresError) {
    send({ kind: 'failed', code: error.code, message: error.message });
  } else {
    const message = error instanceof Error ? error.message : String(error);
    send({ kind: 'failed', code: 'supervisor_failed', message });
  }
}

main();
