import { consecutiveFailures } from './consecutive-failures';

const SUCCESS = { isFailure: false, isSlow: false };
const SLOW = { isFailure: false, isSlow: true };
const FAILURE = { isFailure: true, isSlow: false };

describe('consecutive failures', () => {
  it('open the circuit with the last of so many in a row', () => {
    const tally = consecutiveFailures(3).createTally();
    const said = [FAILURE, FAILURE, FAILURE].map((outcome) => tally.record(outcome, 0));
    expect(said).toEqual([false, false, true]);
  });

  it('start again after one success, a slow one too', () => {
    for (const success of [SUCCESS, SLOW]) {
      const tally = consecutiveFailures(2).createTally();
      const said = [FAILURE, success, FAILURE, FAILURE].map((outcome) => tally.record(outcome, 0));
      expect(said).toEqual([false, false, false, true]);
    }
  });

  it('open with the first failure when one is enough, and not with a success', () => {
    const tally = consecutiveFailures(1).createTally();
    expect(tally.record(SUCCESS, 0)).toBe(false);
    expect(tally.record(FAILURE, 0)).toBe(true);
  });

  it('count the row and nothing else', () => {
    const tally = consecutiveFailures(9).createTally();
    for (const outcome of [SUCCESS, FAILURE, FAILURE]) tally.record(outcome, 0);
    expect(tally.read(0)).toEqual({ calls: 2, failures: 2 });
    tally.record(SUCCESS, 0);
    expect(tally.read(0)).toEqual({ calls: 0, failures: 0 });
  });
});
