import { identityWith } from '../test/identity';
import { createOperatorIdentification } from './operator-identification';

const OPERATOR = identityWith();
const GONE = new Error('no answer');

describe('who operates', () => {
  let nowMs: number;
  let isAway: boolean;
  /** Keys that are good. */
  let good: Set<string>;
  let asked: string[];

  beforeEach(() => {
    nowMs = 0;
    isAway = false;
    good = new Set(['operator']);
    asked = [];
  });

  const create = (wait: (key: string) => Promise<void> = async () => undefined) =>
    createOperatorIdentification(
      async (key) => {
        asked.push(key);
        await wait(key);
        if (isAway) throw GONE;
        return good.has(key) ? OPERATOR : null;
      },
      () => nowMs,
    );

  it('is believed while nobody gives an answer, for an hour, and not asked for each time', async () => {
    const identify = create();
    await expect(identify('operator')).resolves.toBe(OPERATOR);
    isAway = true;
    for (const [at, asks] of [
      [1, 2],
      [5_000, 2],
      [5_001, 3],
      [3_600_000, 4],
    ] as const) {
      nowMs = at;
      await expect(identify('operator')).resolves.toBe(OPERATOR);
      expect(asked).toHaveLength(asks);
    }
    nowMs = 3_700_000;
    await expect(identify('operator')).rejects.toBe(GONE);
    await expect(identify('stranger')).rejects.toBe(GONE);
  });

  it('is not believed where others are answered meanwhile: a key that was revoked is asked for until it is known', async () => {
    let fail = (): void => undefined;
    let isCrowded = false;
    const identify = create((key) =>
      isCrowded && key === 'operator'
        ? new Promise((_resolve, reject) => {
            fail = () => reject(GONE);
          })
        : Promise.resolve(),
    );
    await identify('operator');
    good.delete('operator');
    isCrowded = true;
    nowMs = 10;
    const late = identify('operator');
    nowMs = 11;
    await expect(identify('stranger')).resolves.toBeNull();
    fail();
    await expect(late).rejects.toBe(GONE);
    isCrowded = false;
    await expect(identify('operator')).resolves.toBeNull();
    isAway = true;
    await expect(identify('operator')).rejects.toBe(GONE);
  });

  it('is asked for beside strangers, of whom one is at a time, and twenty may wait', async () => {
    let answer = (): void => undefined;
    const identify = create((key) =>
      key === 'operator'
        ? Promise.resolve()
        : new Promise((resolve) => {
            answer = resolve;
          }),
    );
    good.add('operator');
    await identify('operator');
    const crowd = Array.from({ length: 30 }, (_, at) =>
      identify(`stranger ${at}`).then(
        () => 'answered',
        ({ code }: { code?: string }) => code,
      ),
    );
    await expect(identify('operator')).resolves.toBe(OPERATOR);
    expect(asked.filter((key) => key !== 'operator')).toEqual(['stranger 0']);
    const outcomes = Promise.all(crowd);
    let isOver = false;
    void outcomes.then(() => {
      isOver = true;
    });
    while (!isOver) {
      answer();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const codes = await outcomes;
    expect(codes.filter((code) => code === 'answered')).toHaveLength(21);
    expect(new Set(codes)).toEqual(new Set(['answered', 'BULKHEAD_FULL']));
    // Their being refused is no outage.
    good.delete('operator');
    await expect(identify('operator')).resolves.toBeNull();
  });
});
