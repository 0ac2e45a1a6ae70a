import { fakeClock } from '@holdfast/resilience';
import type { ConnectionTest } from './connection-probe';
import { type HealthChange, HealthWatch } from './health-watch';

const GOOD: ConnectionTest = { ok: true, latencyMs: 1, serverVersion: '17.4', isPrimary: true };
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const BAD: ConnectionTest = { ok: false, latencyMs: 1, error: refused };

describe('watching the health of a server', () => {
  /** A watch of a server that is up or down; `settle` waits for a check that was begun. */
  function watch(intervalMs = 30_000) {
    const clock = fakeClock();
    const told: string[] = [];
    const state = { isUp: true, checks: 0 };
    const health = new HealthWatch({
      intervalMs,
      calmMs: 20_000,
      clock,
      check: async () => {
        state.checks += 1;
        return state.isUp ? GOOD : BAD;
      },
      onResult: () => {},
      onChange: (change) => told.push(describe(change)),
    });
    const settle = () => clock.advance(0);
    return { clock, told, state, health, settle };
  }

  function describe(change: HealthChange): string {
    if (change.kind === 'failed') return `failed to ${change.tried}`;
    return `recovered after ${change.durationMs} ms and ${change.failedChecks} checks`;
  }

  it('tells at once that a connection could not be opened, once, however many are tried', async () => {
    const { health, told, state, clock } = watch();
    state.isUp = false;
    for (let count = 0; count < 5; count += 1) health.connectFailed(refused);
    expect([told, state.checks]).toEqual([['failed to connect'], 0]);
    await clock.advance(90_000);
    expect([told, state.checks]).toEqual([['failed to connect'], 3]);
  });

  it('looks as soon as a connection is opened again, and tells how long there was none', async () => {
    const { health, told, state, clock, settle } = watch();
    state.isUp = false;
    health.connectFailed(refused);
    await clock.advance(7_000);
    state.isUp = true;
    health.connected();
    await settle();
    expect(told).toEqual(['failed to connect', 'recovered after 7000 ms and 0 checks']);
  });

  it('takes a connection that is opened for no more than a reason to look', async () => {
    const { health, told, state, clock, settle } = watch();
    state.isUp = false;
    health.connectFailed(refused);
    health.connected();
    await settle();
    expect([told, state.checks]).toEqual([['failed to connect'], 1]);
    await clock.advance(30_000);
    state.isUp = true;
    await clock.advance(30_000);
    expect(told.at(-1)).toBe('recovered after 60000 ms and 2 checks');
  });

  it('looks when an idle connection is lost, and says nothing if the server is there', async () => {
    const { health, told, state, settle } = watch();
    health.connectionLost();
    await settle();
    expect([told, state.checks]).toEqual([[], 1]);
    state.isUp = false;
    health.connectionLost();
    await settle();
    expect(told).toEqual(['failed to check']);
  });

  it('does not tell of each connection that a server refuses while it lets in others', async () => {
    const { health, told, state, clock, settle } = watch();
    for (let count = 0; count < 50; count += 1) {
      health.connectFailed(refused);
      health.connected();
      await settle();
    }
    expect(told).toEqual(['failed to connect', 'recovered after 0 ms and 0 checks']);
    await clock.advance(20_000);
    health.connectFailed(refused);
    expect(told.at(-1)).toBe('failed to connect');
    expect(state.checks).toBeGreaterThan(1);
  });

  it('tells of an outage that follows upon another by the check that it causes', async () => {
    const { health, told, state, settle } = watch();
    health.connectFailed(refused);
    health.connected();
    await settle();
    state.isUp = false;
    health.connectFailed(refused);
    await settle();
    expect(told.at(-1)).toBe('failed to check');
  });

  it.each([
    ['that is off', 0, () => {}],
    ['that is closed', 30_000, ({ close }: { close(): void }) => close()],
  ])('does nothing on one %s', async (_, intervalMs, end) => {
    const { health, told, state, clock } = watch(intervalMs);
    end({ close: () => health.close() });
    health.connectFailed(refused);
    health.connectionLost();
    health.connected();
    await clock.advance(90_000);
    expect([told, state.checks]).toEqual([[], 0]);
  });
});
