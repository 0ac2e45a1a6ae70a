import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createDeadline } from '@holdfast/resilience';
import { readPhase } from '@holdfast/resilience/postgres';
import { openManager } from '../test/manager';
import { rejection, until } from '../test/settings';

describe('the wait of withConnection', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  it('ends at once when the signal is aborted, and the work has not run', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    const { manager } = opened;
    const controller = new AbortController();
    const reason = new Error('the client is gone');
    let runs = 0;
    await manager.withConnection(async () => {
      const waiting = rejection(manager.withConnection(() => ++runs, { signal: controller.signal }));
      await until(() => manager.getPoolStats().waiting === 1);
      controller.abort(reason);
      expect(await waiting).toBe(reason);
    });
    expect([runs, manager.getPoolStats().waiting]).toEqual([0, 0]);
  });

  it.each([
    ['in milliseconds', () => 50],
    ['as a deadline', () => createDeadline(50)],
  ])('is bounded by a limit given %s', async (_, limit) => {
    await using opened = await openManager(server.url, { max: 1 });
    const { manager } = opened;
    await manager.withConnection(async () => {
      const error = await rejection(manager.withConnection(() => 1, { deadline: limit() }));
      expect(error).toMatchObject({ code: 'POOL_EXHAUSTED', used: 1, max: 1 });
      expect(readPhase(error)).toBe('acquire');
    });
  });

  it('does not begin once the deadline has passed', async () => {
    await using opened = await openManager(server.url);
    const { manager } = opened;
    let acquired = 0;
    manager.on('acquire', () => {
      acquired += 1;
    });
    for (const deadline of [0, -5, { remainingMs: () => 0 }]) {
      const error = await rejection(manager.withConnection(() => 1, { deadline }));
      expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(readPhase(error)).toBe('acquire');
    }
    expect(await rejection(manager.withConnection(() => 1, { deadline: Number.NaN }))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'deadline',
    });
    expect(acquired).toBe(0);
  });

  it('is limited for its own caller alone', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    const { manager } = opened;
    let other: Promise<number> | undefined;
    await manager.withConnection(async () => {
      const limited = rejection(manager.withConnection(() => 1, { deadline: 20 }));
      other = manager.withConnection(() => 2);
      expect(await limited).toMatchObject({ code: 'POOL_EXHAUSTED' });
    });
    expect(await other).toBe(2);
  });
});
