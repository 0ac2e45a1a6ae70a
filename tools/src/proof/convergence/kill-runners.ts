import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../command';
import { holdfastMigrate } from '../commands';
import { createRandom, type Random } from '../random';
import { converge, type Recovery } from './converge';
import { type KillFigures, sumRecoveries } from './kills';
import type { ConvergenceRun, Stage } from './stage';

/** Databases at once: a run waits for the server and the server for the run. */
const AT_ONCE = 2;

const TOLD_EVERY = 20;

/** Kills runners at random points of their work, each on a database of its own, and lets one more run follow. */
export async function killRunners({ setting, stage, signal, say }: ConvergenceRun): Promise<KillFigures> {
  const random = createRandom(setting.seed, 'kills');
  const recoveries: Recovery[] = [];
  const killSome = async (): Promise<void> => {
    while (recoveries.length < setting.kills) {
      signal.throwIfAborted();
      const recovery = await killOne(stage, random);
      if (recovery === undefined || recoveries.length >= setting.kills) continue;
      recoveries.push(recovery);
      if (recoveries.length % TOLD_EVERY === 0)
        say(`Killed ${recoveries.length} of ${setting.kills} runners …`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, killSome));
  return sumRecoveries(recoveries);
}

/** @returns undefined when the run had ended before it could be killed, which happens to late points. */
function killOne(
  { undisturbedMs, wanted, withDatabase }: Stage,
  random: Random,
): Promise<Recovery | undefined> {
  const atMs = random() * undisturbedMs * 1.2;
  return withDatabase(async (url) => {
    const command = startCommand(holdfastMigrate(), url);
    await command.spoke;
    await sleep(atMs);
    const isKilled = command.kill();
    await command.ended;
    return isKilled ? converge(url, wanted) : undefined;
  });
}
