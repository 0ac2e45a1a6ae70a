import { type FakeClock, fakeClock, pipeline, readErrorCode, timeout } from '@holdfast/resilience';
import { Dependency } from './dependency';
import { type OutageKind, QUICK_SETTING, type Setting } from './setting';

/** Serves two at a time and lets three wait; down from 10 s to 20 s. */
const SETTING: Setting = {
  ...QUICK_SETTING,
  clients: 10,
  processes: 1,
  capacityRatio: 1,
  latencyMs: 200,
  backlogMs: 300,
  timeoutMs: 5000,
  healthySeconds: 10,
  outageSeconds: 10,
};

/** Calls the dependency through a timeout alone, and remembers how each call ended. */
function openDependency(outage: OutageKind) {
  const clock = fakeClock();
  const arrivals: number[] = [];
  const endings: string[] = [];
  const dependency = new Dependency(SETTING, outage, clock, (atMs) => arrivals.push(atMs));
  const policy = pipeline([timeout({ timeoutMs: SETTING.timeoutMs, clock })]);
  const call = (): void => {
    policy
      .execute((attempt) => dependency.call(attempt))
      .then(
        () => endings.push('served'),
        (error: unknown) => endings.push(readErrorCode(error) ?? String(error)),
      );
  };
  const callAt = async (atMs: number): Promise<void> => {
    await clock.advance(atMs - clock.nowMs());
    call();
    await clock.advance(0);
  };
  return { clock, arrivals, endings, call, callAt };
}

/** Longer than any time in service that is drawn here, and shorter than the timeout. */
const drain = (clock: FakeClock) => clock.advance(4000);

describe('the simulated dependency', () => {
  it('serves a call while it is up', async () => {
    const { clock, arrivals, endings, callAt } = openDependency('refused');
    await callAt(500);
    expect(endings).toEqual([]);
    await drain(clock);
    expect(endings).toEqual(['served']);
    expect(arrivals).toEqual([500]);
  });

  it('lets as many calls wait as its backlog holds, and refuses the rest at once', async () => {
    const { clock, arrivals, endings, call } = openDependency('refused');
    for (let made = 0; made < 7; made++) call();
    await clock.advance(0);
    expect(endings).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
    await drain(clock);
    expect(endings.slice(2)).toEqual(new Array(5).fill('served'));
    expect(arrivals).toHaveLength(7);
  });

  it('has room again when a call has been served', async () => {
    const { clock, endings, call } = openDependency('refused');
    for (let made = 0; made < 5; made++) call();
    await drain(clock);
    for (let made = 0; made < 5; made++) call();
    await drain(clock);
    expect(endings).toEqual(new Array(10).fill('served'));
  });

  describe('refusing', () => {
    it('resets what is in flight, served or waiting, when it goes down', async () => {
      const { endings, call, clock } = openDependency('refused');
      await clock.advance(9999);
      for (let made = 0; made < 4; made++) call();
      await clock.advance(1);
      expect(endings).toEqual(new Array(4).fill('ECONNRESET'));
    });

    it('is empty when it is back', async () => {
      const { endings, call, clock } = openDependency('refused');
      await clock.advance(9999);
      for (let made = 0; made < 5; made++) call();
      await clock.advance(10_001);
      for (let made = 0; made < 5; made++) call();
      await drain(clock);
      expect(endings.slice(5)).toEqual(new Array(5).fill('served'));
    });

    it('refuses every call at once until it is up again', async () => {
      const { clock, arrivals, endings, callAt } = openDependency('refused');
      await callAt(10_000);
      await callAt(19_999);
      expect(endings).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
      await callAt(20_000);
      await drain(clock);
      expect(endings.at(-1)).toBe('served');
      expect(arrivals).toEqual([10_000, 19_999, 20_000]);
    });
  });

  describe('as a black hole', () => {
    it('leaves a call hanging until its client gives it up', async () => {
      const { clock, endings, callAt } = openDependency('black-hole');
      await callAt(12_000);
      await clock.advance(SETTING.timeoutMs - 1);
      expect(endings).toEqual([]);
      await clock.advance(1);
      expect(endings).toEqual(['TIMEOUT']);
    });

    it('does not answer what it swallowed, not even when it is back', async () => {
      const { clock, endings, call, callAt } = openDependency('black-hole');
      await callAt(19_000);
      await clock.advance(1000);
      call();
      await clock.advance(3999);
      expect(endings).toEqual(['served']);
      await clock.advance(1);
      expect(endings).toEqual(['served', 'TIMEOUT']);
    });

    it('swallows what is in flight when it goes down', async () => {
      const { clock, endings, call } = openDependency('black-hole');
      await clock.advance(9999);
      for (let made = 0; made < 4; made++) call();
      await drain(clock);
      expect(endings).toEqual([]);
      await clock.advance(1000);
      expect(endings).toEqual(new Array(4).fill('TIMEOUT'));
    });

    it('is not full of lost calls when it is back', async () => {
      const { clock, endings, call } = openDependency('black-hole');
      await clock.advance(17_000);
      for (let made = 0; made < 10; made++) call();
      await clock.advance(3000);
      for (let made = 0; made < 5; made++) call();
      await clock.advance(1999);
      expect(endings).toEqual(new Array(5).fill('served'));
    });
  });
});
