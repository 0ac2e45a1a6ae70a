import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { withClient } from '../measurement/with-client';

/** How long a server may take to start over, in milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 5;

/** Resolves when the connection has ended, whatever error comes with it. */
export function waitForEnd(client: Client): Promise<void> {
  return new Promise((resolve) => client.once('end', () => resolve()));
}

/** Resolves when the server takes connections again, to that moment on the clock of `performance.now()`. */
export async function waitUntilReachable(url: string): Promise<number> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await withClient(url, async () => performance.now());
    } catch (error) {
      if (performance.now() > giveUpAtMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
