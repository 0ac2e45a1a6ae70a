import { type Claim, claimAtLeast, claimAtMost, claimNone, findBroken, renderClaims } from './claims';

const full = { quick: false };
const quick = { quick: true };

const claimRatio = (measured: number): Claim =>
  claimAtMost({ claim: 'cheap', measured, limit: 8, unit: '×' });

describe('a bound on a figure', () => {
  it('holds on its limit and on the right side of it, and not beyond', () => {
    const heldAtMost = [7.9, 8, 8.01].map((measured) => claimRatio(measured).held);
    expect(heldAtMost).toEqual([true, true, false]);
    const heldAtLeast = [19.9, 20, 21].map(
      (measured) => claimAtLeast({ claim: 'faster', measured, limit: 20, unit: '×' }).held,
    );
    expect(heldAtLeast).toEqual([false, true, true]);
  });

  it('does not hold when nothing was measured', () => {
    expect(claimRatio(Number.NaN).held).toBe(false);
    expect(claimAtLeast({ claim: 'faster', measured: Number.NaN, limit: 0, unit: '×' }).held).toBe(false);
  });

  it('tells the figure, the side of the limit and the limit', () => {
    expect(claimRatio(6.543).found).toBe('6.54 ×, at most 8 × wanted');
    expect(claimAtLeast({ claim: 'faster', measured: 421.4, limit: 20, unit: '×' }).found).toBe(
      '421 ×, at least 20 × wanted',
    );
  });
});

const cheap = claimRatio(1);
const dear = claimRatio(9);
const right = claimNone('right', []);
const wrong = claimNone('right', ['wrong once']);
/** As a proof makes them, where every claim is one of correctness. */
const proven: Claim = { claim: 'proven', held: true, found: 'it is so' };
const refuted: Claim = { claim: 'proven', held: false, found: 'it is not' };

describe('a full run', () => {
  it('passes when every claim held, of speed and of correctness', () => {
    expect(findBroken([cheap, right, proven], full)).toEqual([]);
  });

  it.each([dear, wrong, refuted])('fails by one claim of any kind: $found', (broken) => {
    expect(findBroken([cheap, broken, right, proven], full)).toEqual([broken]);
  });
});

describe('a quick run', () => {
  it('passes although a figure is beyond its limit, and says that it only reports it', () => {
    expect(findBroken([dear], quick)).toEqual([]);
    expect(renderClaims([dear], quick)).toBe(
      'NOT HELD  cheap: 9.00 ×, at most 8 × wanted (only reported: --quick)',
    );
  });

  it.each([wrong, refuted])('fails by what is incorrect: $found', (broken) => {
    expect(findBroken([cheap, broken], quick)).toEqual([broken]);
    expect(renderClaims([broken], quick)).toBe(renderClaims([broken], full));
  });
});

it('has a line for each claim, and names every problem of one of correctness', () => {
  expect(renderClaims([claimNone('right', ['one', 'two']), claimNone('whole', []), proven], full)).toBe(
    'NOT HELD  right: one; two\nheld      whole: no exception\nheld      proven: it is so',
  );
});
