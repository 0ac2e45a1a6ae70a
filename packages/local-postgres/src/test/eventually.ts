import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 30_000;

/** Resolves once a condition holds; rejects, naming the condition, if it never does. */
export async function eventually(claim: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not true within ${patienceMs} ms: ${claim}`);
    await sleep(20);
  }
}
