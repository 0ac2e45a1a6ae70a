import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporaryServer } from '@holdfast/local-postgres';
import type { Client } from 'pg';
import { withClient } from '../../measurement/with-client';
import { waitForEnd, waitUntilReachable } from '../server-return';
import type { AnswerLosses } from './answer-losses';
import type { Setting } from './setting';

const WAYS = ['fast stop', 'kill -9'] as const;

/** The server was down from one moment to another, on the clock of `performance.now()`. */
export interface Restart {
  readonly way: (typeof WAYS)[number];
  readonly downAtMs: number;
  /** When it took a connection again. */
  readonly upAtMs: number;
}

/** Restarts the server while there is load, evenly spread over it, one way and the other in turns; just before, answers are lost. */
export async function runRestarts(
  server: TemporaryServer,
  losses: AnswerLosses,
  { restarts, loadMs, downMs, lostAnswers }: Setting,
  signal: AbortSignal,
): Promise<readonly Restart[]> {
  const startedMs = performance.now();
  const done: Restart[] = [];
  for (let n = 0; n < restarts; n += 1) {
    const dueMs = startedMs + ((n + 0.5) * loadMs) / restarts;
    await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal });
    await losses.lose(lostAnswers);
    done.push(await restart(server, WAYS[n % WAYS.length] as Restart['way'], downMs));
  }
  return done;
}

/** A connection that had nothing to do with it has been ended: that is what tells a restart from a refusal. */
async function restart(server: TemporaryServer, way: Restart['way'], downMs: number): Promise<Restart> {
  return withClient(server.adminUrl, async (bystander) => {
    const ended = waitForEnd(bystander);
    const downAtMs = performance.now();
    switch (way) {
      case 'kill -9':
        await killAll(server.pid, bystander);
        break;
      case 'fast stop':
        await server.halt('fast');
        break;
      default:
        way satisfies never;
    }
    await ended;
    await sleep(downMs);
    const resumed = server.resume();
    const upAtMs = await waitUntilReachable(server.adminUrl);
    await resumed;
    return { way, downAtMs, upAtMs };
  });
}

/** The server and every process of it, as when the power fails: left alone, a process at its COMMIT would still answer. */
async function killAll(postmasterPid: number, client: Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity');
  for (const pid of [postmasterPid, ...rows.map(({ pid }) => pid)]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}
