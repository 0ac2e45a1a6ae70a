import * as fc from 'fast-check';
import { fakeClock } from '../clock/fake-clock';
import { SCHEDULES } from '../test/schedules';
import { retryBudget } from './retry-budget';

/** All amounts are whole numbers of hundred-thousandths of a token, so that the model never rounds. */
const TOKEN = 100_000;

interface Settings {
  readonly ratioHundredths: number;
  readonly minRetriesPerSecond: number;
  readonly burst: number;
}

type Step = 'first attempt' | 'retry' | number;

const settings = fc.record<Settings>({
  ratioHundredths: fc.constantFrom(0, 1, 7, 10, 20, 50, 99, 100),
  minRetriesPerSecond: fc.constantFrom(0, 1, 3, 7, 50),
  burst: fc.integer({ min: 1, max: 5 }),
});
/** A number is a wait in milliseconds. */
const schedules = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 4, arbitrary: fc.constant('first attempt') },
    { weight: 6, arbitrary: fc.constant('retry') },
    { weight: 1, arbitrary: fc.constantFrom(1, 9, 100, 143, 333, 500, 1_000) },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
);

/** What has happened by some moment, since the beginning. */
interface Sums {
  readonly atMs: number;
  readonly firsts: number;
  readonly retries: number;
}

/** Retries that were granted in a stretch, above what the stretch allows; at most 0. */
function excess({ ratioHundredths, minRetriesPerSecond, burst }: Settings, from: Sums, to: Sums): number {
  const allowed =
    burst * TOKEN +
    (to.firsts - from.firsts) * ratioHundredths * (TOKEN / 100) +
    (to.atMs - from.atMs) * minRetriesPerSecond * (TOKEN / 1_000);
  return (to.retries - from.retries) * TOKEN - allowed;
}

function create({ ratioHundredths, minRetriesPerSecond, burst }: Settings) {
  const clock = fakeClock();
  return { clock, budget: retryBudget({ clock, ratio: ratioHundredths / 100, minRetriesPerSecond, burst }) };
}

/** Takes every step, and answers the sums after each. */
async function run(
  given: Settings,
  schedule: readonly Step[],
  check: (isGranted: boolean | undefined, step: Step, available: number) => void = () => {},
): Promise<Sums[]> {
  const { clock, budget } = create(given);
  const sums: Sums[] = [{ atMs: 0, firsts: 0, retries: 0 }];
  for (const step of schedule) {
    const { firsts, retries } = sums.at(-1) as Sums;
    let isGranted: boolean | undefined;
    if (step === 'first attempt') budget.deposit();
    else if (step === 'retry') isGranted = budget.withdraw();
    else await clock.advance(step);
    check(isGranted, step, budget.available);
    sums.push({
      atMs: clock.nowMs(),
      firsts: firsts + (step === 'first attempt' ? 1 : 0),
      retries: retries + (isGranted ? 1 : 0),
    });
  }
  return sums;
}

describe('the retries that a budget grants', () => {
  it(`stay within burst + ratio × first attempts + floor × seconds, over every stretch of ${SCHEDULES} schedules`, async () => {
    let fullStretches = 0;
    await fc.assert(
      fc.asyncProperty(settings, schedules, async (given, schedule) => {
        const sums = await run(given, schedule);
        let worst = Number.NEGATIVE_INFINITY;
        for (const [at, to] of sums.entries()) {
          for (const from of sums.slice(0, at)) worst = Math.max(worst, excess(given, from, to));
        }
        expect(worst).toBeLessThanOrEqual(0);
        if (worst === 0) fullStretches += 1;
      }),
      { numRuns: SCHEDULES },
    );
    // A budget that grants nothing would stay within the bound as well.
    expect(fullStretches).toBeGreaterThan(SCHEDULES / 4);
  });

  it(`are those of the model, in ${SCHEDULES} schedules`, async () => {
    await fc.assert(
      fc.asyncProperty(settings, schedules, async (given, schedule) => {
        const full = given.burst * TOKEN;
        let saved = full;
        await run(given, schedule, (isGranted, step, available) => {
          if (step === 'first attempt') saved += given.ratioHundredths * (TOKEN / 100);
          else if (step !== 'retry') saved += step * given.minRetriesPerSecond * (TOKEN / 1_000);
          else {
            if (isGranted !== saved >= TOKEN) expect({ isGranted }).toEqual({ isGranted: saved >= TOKEN });
            if (isGranted) saved -= TOKEN;
          }
          saved = Math.min(full, saved);
          if (available !== Math.floor(saved / TOKEN)) expect(available).toBe(Math.floor(saved / TOKEN));
        });
      }),
      { numRuns: SCHEDULES },
    );
  });
});
