import { setTimeout as wait } from 'node:timers/promises';
import type { PooledClient } from '../connection/pooled-client';
import { ConnectionLimit } from './connection-limit';

/** Notes in `cut` when it is cut. */
function createClient(name: string, cut: string[]): PooledClient {
  return { cut: () => cut.push(name) } as unknown as PooledClient;
}

/** How many timers keep the process alive. */
function countTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

describe('the limit of a connection', () => {
  // The first of all: the timer that it sets is that of those behind it.
  it('keeps no process alive', () => {
    const before = countTimers();
    new ConnectionLimit(createClient('open', []), 60_000).close();
    expect(countTimers()).toBe(before);
  });

  it('cuts each when it is due, whatever others wait for', async () => {
    const cut: string[] = [];
    const open = (name: string, limitMs: number) => new ConnectionLimit(createClient(name, cut), limitMs);
    const last = open('much later', 60_000);
    const limits = [open('third', 60), open('first', 1), open('second', 30)];
    await wait(120);
    expect(cut).toEqual(['first', 'second', 'third']);
    for (const limit of [last, ...limits]) limit.close();
  });

  it('cuts none that was closed before, and one that was opened afterwards', async () => {
    const cut: string[] = [];
    new ConnectionLimit(createClient('closed', cut), 10).close();
    const open = new ConnectionLimit(createClient('open', cut), 20);
    await wait(60);
    expect(cut).toEqual(['open']);
    open.close();
  });

  it('cuts by the end of its signal, once, and not when it was closed before', () => {
    const cut: string[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    new ConnectionLimit(createClient('closed', cut), 60_000, signal).close();
    const open = new ConnectionLimit(createClient('open', cut), 60_000, signal);
    controller.abort();
    expect(cut).toEqual(['open']);
    open.close();
  });
});
