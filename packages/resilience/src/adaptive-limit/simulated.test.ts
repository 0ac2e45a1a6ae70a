import { type FakeClock, fakeClock } from '../clock/fake-clock';
import type { Policy } from '../pipeline/policy';
import { type AdaptiveLimitPolicy, adaptiveLimit } from './adaptive-limit';
import { aimd } from './aimd';
import { gradient } from './gradient';
import type { LimitRule } from './limit-rule';

/** Answers in 10 ms while it has to do no more than it can, and the slower the more it has to do beyond. */
class SimulatedDependency {
  capacity: number;
  isRefusing = false;
  #running = 0;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, capacity: number) {
    this.#clock = clock;
    this.capacity = capacity;
  }

  readonly answer = async (): Promise<void> => {
    this.#running += 1;
    const latencyMs = this.isRefusing ? 1 : 10 * Math.max(1, this.#running / this.capacity);
    await new Promise<void>((resolve) => this.#clock.schedule(resolve, latencyMs));
    this.#running -= 1;
    if (this.isRefusing) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  };
}

const CLIENTS = 120;
let clock: FakeClock;
let isOver: boolean;

beforeEach(() => {
  clock = fakeClock();
  isOver = false;
});
afterEach(async () => {
  isOver = true;
  await clock.advance(60_000);
  expect(clock.pendingTimers).toBe(0);
});

/** Clients that call again as soon as they have an answer: more of them than the dependency bears. */
function crowd(policy: Policy, operation: () => Promise<void>): void {
  const callAgain = (): void => {
    if (!isOver) policy.execute(operation).then(callAgain, callAgain);
  };
  for (let client = 0; client < CLIENTS; client++) callAgain();
}

/** The least and the most of a limit during half a second. */
async function watchLimit(policy: AdaptiveLimitPolicy): Promise<{ least: number; most: number }> {
  const limits: number[] = [];
  for (let passedMs = 0; passedMs < 500; passedMs += 5) {
    await clock.advance(5);
    limits.push(policy.limit);
  }
  return { least: Math.min(...limits), most: Math.max(...limits) };
}

describe.each<[string, LimitRule]>([
  ['aimd', aimd({ maxLatencyMs: 20 })],
  ['gradient', gradient()],
])('a limit that follows %s before a dependency that is overrun', (_, rule) => {
  it('settles well below the crowd, goes down as the dependency slows down, and up as it recovers', async () => {
    const dependency = new SimulatedDependency(clock, 20);
    const policy = adaptiveLimit({ rule, initialLimit: 5, maxQueue: CLIENTS, clock });
    crowd(policy, dependency.answer);

    await clock.advance(1500);
    const healthy = await watchLimit(policy);
    // At 20 it would be idle for a moment now and then; at 40 it takes twice as long.
    expect(healthy.least).toBeGreaterThan(20);
    expect(healthy.most).toBeLessThan(50);

    dependency.capacity = 5;
    await clock.advance(1500);
    const slow = await watchLimit(policy);
    expect(slow.least).toBeGreaterThan(5);
    expect(slow.most).toBeLessThan(healthy.least);

    dependency.capacity = 20;
    await clock.advance(1500);
    expect((await watchLimit(policy)).least).toBeGreaterThan(slow.most);
  });

  it('control: goes as high as the crowd where nothing slows down', async () => {
    const dependency = new SimulatedDependency(clock, CLIENTS);
    const policy = adaptiveLimit({ rule, initialLimit: 5, maxQueue: CLIENTS, clock });
    crowd(policy, dependency.answer);
    await clock.advance(3000);
    expect((await watchLimit(policy)).least).toBeGreaterThanOrEqual(CLIENTS);
  });

  it('keeps its limit through an outage of fast refusals, and has not taken them for usual', async () => {
    const dependency = new SimulatedDependency(clock, 20);
    const policy = adaptiveLimit({ rule, initialLimit: 5, maxQueue: CLIENTS, clock });
    crowd(policy, dependency.answer);
    await clock.advance(1500);
    const healthy = await watchLimit(policy);
    dependency.isRefusing = true;
    await clock.advance(100);
    const during = await watchLimit(policy);
    expect(during.least).toBe(during.most);
    dependency.isRefusing = false;
    const after = await watchLimit(policy);
    expect(after.least).toBeGreaterThan(0.8 * healthy.least);
    expect(after.most).toBeLessThan(1.2 * healthy.most);
  });

  it('loses little to a pause in which everything that runs is slow', async () => {
    const dependency = new SimulatedDependency(clock, 20);
    const policy = adaptiveLimit({ rule, initialLimit: 5, maxQueue: CLIENTS, clock });
    crowd(policy, dependency.answer);
    await clock.advance(1500);
    const healthy = await watchLimit(policy);
    dependency.capacity = 0.5;
    await clock.advance(30);
    dependency.capacity = 20;
    expect((await watchLimit(policy)).least).toBeGreaterThan(0.6 * healthy.least);
  });
});
