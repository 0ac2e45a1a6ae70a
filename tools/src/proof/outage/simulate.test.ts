import { type Fault, injectFaults } from '@holdfast/resilience';
import { drawDemand } from './demand';
import { readFigures } from './figures';
import { SCENARIO_NAMES, SCENARIOS, type Scenario } from './scenarios';
import { OUTAGE_KINDS, QUICK_SETTING, type Setting } from './setting';
import { simulate } from './simulate';

/** One process with the traffic of one process in the full run, and an outage just long enough for all five attempts. */
const SETTING: Setting = {
  ...QUICK_SETTING,
  clients: 50,
  processes: 1,
  healthySeconds: 5,
  outageSeconds: 20,
  recoverySeconds: 20,
};

describe.each(OUTAGE_KINDS)('a simulated outage, %s', (outage) => {
  it('goes the same way for the same seed, to the last call', async () => {
    const first = await simulate(SCENARIOS['budget-and-breaker'], outage, SETTING);
    expect(await simulate(SCENARIOS['budget-and-breaker'], outage, SETTING)).toEqual(first);
    const other = await simulate(SCENARIOS['budget-and-breaker'], outage, { ...SETTING, seed: 2 });
    expect(other).not.toEqual(first);
  });

  it.each(SCENARIO_NAMES)('puts the same demand to "%s", and sees every request end', async (name) => {
    const { requests, served, failed } = await simulate(SCENARIOS[name], outage, SETTING);
    const demand = drawDemand(SETTING);
    const issued = (second: number) => demand.filter(({ atMs }) => Math.floor(atMs / 1000) === second).length;
    expect(requests).toEqual(requests.map((_, second) => issued(second)));
    expect(served + failed).toBe(demand.length);
  });

  it('lets as many calls through as there are requests when nothing is retried', async () => {
    const timeline = await simulate(SCENARIOS.none, outage, SETTING);
    expect(timeline.calls).toEqual(timeline.requests);
    expect(readFigures(timeline, SETTING)).toMatchObject({ amplification: 1, recoverySeconds: 0 });
  });

  it('serves nothing in time while the dependency is down, and everything before', async () => {
    const { requests, servedInTime } = await simulate(SCENARIOS.none, outage, SETTING);
    expect(servedInTime.slice(5, 25)).toEqual(new Array(20).fill(0));
    expect(servedInTime.slice(0, 4)).toEqual(requests.slice(0, 4));
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(simulate(SCENARIOS.none, outage, SETTING, stop.signal)).rejects.toBe(reason);
  });
});

describe('a simulation that goes wrong', () => {
  const withFault = (fault: Fault): Scenario => ({
    title: 'no retries, and one fault that no outage explains',
    createPolicies: (clock) => [injectFaults([fault], { clock })],
  });

  it('does not, with a fault that changes nothing', async () => {
    const timeline = await simulate(withFault({ kind: 'pass' }), 'refused', SETTING);
    expect(timeline).toEqual(await simulate(SCENARIOS.none, 'refused', SETTING));
  });

  it('says so when an error is none of an outage, instead of counting a failed request', async () => {
    const error = new TypeError('a mistake');
    await expect(simulate(withFault({ kind: 'fail', error }), 'refused', SETTING)).rejects.toBe(error);
  });

  it('says so when a request never ends', async () => {
    await expect(simulate(withFault({ kind: 'hang' }), 'refused', SETTING)).rejects.toThrow(
      'Requests were never answered: 1',
    );
  });
});
