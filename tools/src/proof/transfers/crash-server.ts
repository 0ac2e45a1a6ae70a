import type { TemporaryServer } from '@holdfast/local-postgres';
import { withClient } from '../../measurement/with-client';
import { waitForEnd, waitUntilReachable } from '../server-return';
import type { Crash } from './fault-plan';

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
