import { bulkhead } from '../bulkhead/bulkhead';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { injectFaults } from '../fault-injection/inject-faults';
import { hedge } from '../hedge/hedge';
import type { Attempt } from '../pipeline/attempt';
import { pipeline } from '../pipeline/pipeline';
import type { Policy } from '../pipeline/policy';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { watch } from '../test/pipeline-outcome';
import { timeout } from './timeout';

const WAIT_MS = 80;
const TIMEOUT_MS = 100;

/** A wait on the way in is not the operation's: its time begins when it is run. */
describe('the time of an operation begins after the wait', () => {
  const cases: readonly [string, (clock: FakeClock) => Policy][] = [
    [
      'for a slot',
      (clock) => {
        const slots = bulkhead({ clock, maxConcurrent: 1, maxQueue: 1 });
        const holder = new ManualWork();
        watch(slots.execute(holder.operation));
        clock.schedule(() => holder.run(0).succeed(), WAIT_MS);
        return slots;
      },
    ],
    [
      'between attempts',
      (clock) =>
        pipeline([
          retry({ clock, backoff: constant(WAIT_MS) }),
          injectFaults([{ kind: 'fail', error: { transient: true } }], { clock }),
        ]),
    ],
    ['that a fault makes', (clock) => injectFaults([{ kind: 'delay', delayMs: WAIT_MS }], { clock })],
    [
      'before a hedge',
      (clock) => pipeline([hedge({ clock, delayMs: WAIT_MS }), injectFaults([{ kind: 'hang' }], { clock })]),
    ],
  ];

  it.each(cases)('%s', async (_, createOuter) => {
    const clock = fakeClock();
    const limit = timeout({ clock, timeoutMs: TIMEOUT_MS });
    const timeouts: number[] = [];
    limit.on('timeout', () => timeouts.push(clock.nowMs()));
    // The retry outside has asked for the time before the wait.
    const policy = pipeline([retry({ clock }), createOuter(clock), limit]);
    const started: [number, number][] = [];
    const operation = ({ remainingMs }: Attempt) => {
      started.push([clock.nowMs(), remainingMs]);
      return new Promise(() => {});
    };
    watch(policy.execute(operation, { context: { idempotent: true } }));
    await clock.advance(WAIT_MS);
    expect(started).toEqual([[WAIT_MS, TIMEOUT_MS]]);
    await clock.advance(TIMEOUT_MS - 1);
    expect(timeouts).toEqual([]);
    await clock.advance(1);
    // Beside a hedge hangs its first run, which no timeout bounds.
    expect(timeouts).toEqual([WAIT_MS + TIMEOUT_MS]);
  });
});
