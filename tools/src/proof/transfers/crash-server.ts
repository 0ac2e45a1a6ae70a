import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporaryServer } from '@holdfast/local-postgres';
import type { Client } from 'pg';
import { withClient } from '../../measurement/with-client';
import type { Crash } from './fault-plan';

/** How long a server may take to start over, and the time between two tries to reach it, in milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;

/**
 * The server has crashed and is back. A connection that had nothing to do with it has been ended by it: that is what
 * tells a crash from a server that merely refused somebody. `onDown` is called when that happens.
 */
export async function crashServer(
  server: TemporaryServer,
  way: Crash['way'],
  onDown: () => void,
): Promise<void> {
  await withClient(server.adminUrl, async (bystander) => {
    const ended = waitForEnd(bystander).then(onDown);
    switch (way) {
      case 'halt':
        await server.halt('immediate');
        await ended;
        await server.resume();
        break;
      case 'kill':
        await killBackend(server.adminUrl);
        await ended;
        break;
      default:
        way satisfies never;
    }
  });
  await waitUntilReachable(server.adminUrl);
}

/** Kills the process behind a connection of its own. */
async function killBackend(url: string): Promise<void> {
  await withClient(url, async (victim) => {
    const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = rows[0]?.pid;
    if (pid === undefined) throw new Error('the server did not say which process serves a connection');
    const ended = waitForEnd(victim);
    process.kill(pid, 'SIGKILL');
    await ended;
  });
}

/** Whatever error comes with it. */
function waitForEnd(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('end', () => resolve()));
}

async function waitUntilReachable(url: string): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await withClient(url, async () => undefined);
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
