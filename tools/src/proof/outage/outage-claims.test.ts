import { retry, retryBudget } from '@holdfast/resilience';
import { type Figures, readFigures } from './figures';
import { boundAmplification, judgeClaims, type OutageFigures } from './outage-claims';
import { SCENARIO_NAMES, SCENARIOS, type Scenario, type ScenarioName } from './scenarios';
import { QUICK_SETTING, type Setting } from './setting';
import { simulate } from './simulate';

type Changes = Partial<Record<ScenarioName, Partial<Figures>>>;

/** As in the quick run, with fewer processes. */
const SETTING: Setting = { ...QUICK_SETTING, clients: 100, processes: 2 };

async function simulateFigures(scenario: Scenario, setting: Setting): Promise<Figures> {
  return readFigures(await simulate(scenario, 'refused', setting), setting);
}

/** Places of the claims that do not hold. */
function findBroken(figures: OutageFigures, setting: Setting): number[] {
  return judgeClaims('refused', figures, setting).flatMap(({ held }, at) => (held ? [] : [at]));
}

const [MULTIPLIES, COMES_BACK, KEEPS_LOAD, KEEPS_PROMISE, BREAKER_LETS_LESS, NO_RUSH, SERVED_AGAIN] = [
  0, 1, 2, 3, 4, 5, 6,
] as const;

describe('the claims of the outage proof', () => {
  let measured: OutageFigures;
  const change = (changes: Changes): OutageFigures => {
    const entries = SCENARIO_NAMES.map((name) => [name, { ...measured[name], ...changes[name] }]);
    return Object.fromEntries(entries) as OutageFigures;
  };

  beforeAll(async () => {
    const figures: Partial<Record<ScenarioName, Figures>> = {};
    for (const name of SCENARIO_NAMES) figures[name] = await simulateFigures(SCENARIOS[name], SETTING);
    measured = figures as OutageFigures;
  });

  it('all hold with the defaults', () => {
    expect(judgeClaims('refused', measured, SETTING)).toHaveLength(7);
    expect(findBroken(measured, SETTING)).toEqual([]);
  });

  it('do not hold with a budget that allows a retry for each request', async () => {
    const generous: Scenario = {
      title: 'retry with a budget of ratio 1',
      createPolicies: (clock, random) => [retry({ clock, random, budget: retryBudget({ ratio: 1, clock }) })],
    };
    const budget = await simulateFigures(generous, SETTING);
    const broken = findBroken(change({ budget }), SETTING);
    expect(broken).toEqual(expect.arrayContaining([KEEPS_LOAD, KEEPS_PROMISE]));
    expect(budget.amplification).toBeGreaterThan(1.9);
  });

  it('do not hold where the burst of a budget is much of what its process asks for', async () => {
    const lonely = { ...SETTING, processes: SETTING.clients };
    const budget = await simulateFigures(SCENARIOS.budget, lonely);
    const broken = findBroken(change({ budget }), lonely);
    expect(broken).toContain(KEEPS_LOAD);
    // The budget keeps its promise even so: it is the promise that is a large one.
    expect(broken).not.toContain(KEEPS_PROMISE);
    expect(boundAmplification(budget, lonely)).toBeGreaterThan(1.5);
  });

  it.each<[string, Changes, number]>([
    ['plain retries hardly multiply', { naive: { amplification: 2.9 } }, MULTIPLIES],
    ['plain retries with jitter hardly multiply', { jitter: { amplification: 2.9 } }, MULTIPLIES],
    ['plain retries do not come back', { naive: { busiestSecondRatio: 1.5 } }, COMES_BACK],
    ['plain retries with jitter do not come back', { jitter: { busiestSecondRatio: 1.5 } }, COMES_BACK],
    ['the breaker lets as much through', { 'budget-and-breaker': { amplification: 1.2 } }, BREAKER_LETS_LESS],
    ['the budget rushes in', { budget: { busiestSecondRatio: 1.51 } }, NO_RUSH],
    ['breakers rush in together', { 'budget-and-breaker': { busiestSecondRatio: 1.51 } }, NO_RUSH],
    ['the budget is slow to recover', { budget: { recoverySeconds: 4 } }, SERVED_AGAIN],
    [
      'breakers stay open beyond their longest break',
      { 'budget-and-breaker': { recoverySeconds: 34 } },
      SERVED_AGAIN,
    ],
    ['the budget never lets it recover', { budget: { recoverySeconds: undefined } }, SERVED_AGAIN],
    ['breakers never close', { 'budget-and-breaker': { recoverySeconds: undefined } }, SERVED_AGAIN],
  ])('notice when %s', (_, changes, broken) => {
    expect(findBroken(change(changes), SETTING)).toEqual([broken]);
  });

  it('bound calls per request by what every budget may give', () => {
    const figures = { ...measured.budget, requestsInOutage: 60_000 };
    const setting = { ...QUICK_SETTING, processes: 20, outageSeconds: 60 };
    // A tenth of the requests, and from each of 20 processes a burst of 10 and one retry for every 10 of 60 s.
    expect(boundAmplification(figures, setting)).toBeCloseTo(1 + (6000 + 20 * (10 + 6)) / 60_000, 10);
  });
});
