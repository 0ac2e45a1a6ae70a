import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../command';
import { holdfastMigrate } from '../commands';
import { createRandom } from '../random';
import { crashServer } from '../transfers/crash-server';
import { converge, type Recovery } from './converge';
import { type KillFigures, sumRecoveries } from './kills';
import type { ConvergenceRun } from './stage';

const WAYS = ['halt', 'kill'] as const;

/** Crashes the server at random points of runs, and lets one more run follow when it is back. */
export async function crashServers({ server, setting, stage, signal }: ConvergenceRun): Promise<KillFigures> {
  const random = createRandom(setting.seed, 'crashes');
  const recoveries: Recovery[] = [];
  while (recoveries.length < setting.crashes) {
    signal.throwIfAborted();
    const atMs = random() * stage.undisturbedMs;
    const way = WAYS[recoveries.length % WAYS.length] ?? 'halt';
    const recovery = await stage.withDatabase(async (url) => {
      const command = startCommand(holdfastMigrate(), url);
      await command.spoke;
      await sleep(atMs);
      await crashServer(server, way, () => undefined);
      const { code } = await command.ended;
      return code === 0 ? undefined : converge(url, stage.wanted);
    });
    if (recovery !== undefined) recoveries.push(recovery);
  }
  return sumRecoveries(recoveries);
}
