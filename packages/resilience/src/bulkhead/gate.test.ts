import { Gate, type Waiter } from './gate';

/** Somebody who waits, and writes down when a slot came. */
class Visitor implements Waiter {
  previousWaiter: Waiter | undefined;
  nextWaiter: Waiter | undefined;
  readonly #onAdmitted: () => void;

  constructor(onAdmitted: () => void = () => {}) {
    this.#onAdmitted = onAdmitted;
  }

  onAdmitted(): void {
    this.#onAdmitted();
  }
}

/** A gate whose slots are all taken, with visitors waiting in order. */
function crowdedGate({ limit = 1, waiting = 3 } = {}) {
  const gate = new Gate(limit, waiting);
  for (let slot = 0; slot < limit; slot += 1) gate.tryEnter();
  const admitted: number[] = [];
  const visitors = Array.from({ length: waiting }, (_, at) => new Visitor(() => admitted.push(at)));
  for (const visitor of visitors) gate.tryWait(visitor);
  return { gate, admitted, visitors };
}

describe('the slots of a gate', () => {
  it('are as many as its limit', () => {
    const gate = new Gate(2, 0);
    expect([gate.tryEnter(), gate.tryEnter(), gate.tryEnter()]).toEqual([true, true, false]);
    expect(gate.active).toBe(2);
  });

  it('can be taken again when they are given back', () => {
    const gate = new Gate(1, 0);
    gate.tryEnter();
    gate.leave();
    expect(gate.active).toBe(0);
    expect(gate.tryEnter()).toBe(true);
  });

  it('go to the longest waiter, one for each that comes free', () => {
    const { gate, admitted } = crowdedGate();
    gate.leave();
    expect(admitted).toEqual([0]);
    gate.leave();
    expect(admitted).toEqual([0, 1]);
    expect([gate.active, gate.queued]).toEqual([1, 1]);
  });
});

describe('the queue of a gate', () => {
  it('holds as many as it has places', () => {
    const gate = new Gate(1, 2);
    gate.tryEnter();
    const answers = [1, 2, 3].map(() => gate.tryWait(new Visitor()));
    expect(answers).toEqual([true, true, false]);
    expect(gate.queued).toBe(2);
  });

  it.each([
    { who: 'the first', leaves: [0], left: [1, 2] },
    { who: 'the middle one', leaves: [1], left: [0, 2] },
    { who: 'the last', leaves: [2], left: [0, 1] },
    { who: 'the first two', leaves: [0, 1], left: [2] },
    { who: 'the last two', leaves: [2, 1], left: [0] },
    { who: 'everybody', leaves: [1, 0, 2], left: [] },
  ])('keeps its order when $who leaves it', ({ leaves, left }) => {
    const { gate, admitted, visitors } = crowdedGate();
    for (const at of leaves) gate.leaveQueue(visitors[at] as Visitor);
    expect(gate.queued).toBe(left.length);
    const newcomer = new Visitor(() => admitted.push(9));
    expect(gate.tryWait(newcomer)).toBe(true);
    for (let slot = 0; slot < 4; slot += 1) gate.leave();
    expect(admitted).toEqual([...left, 9]);
  });

  it('lets go of whoever has left it', () => {
    const { gate, visitors } = crowdedGate();
    gate.leaveQueue(visitors[1] as Visitor);
    gate.leave();
    for (const visitor of visitors.slice(0, 2)) {
      expect(visitor).toMatchObject({ previousWaiter: undefined, nextWaiter: undefined });
    }
  });
});

describe('admission', () => {
  it('does not let a newcomer take a slot while somebody waits, even in the midst of handing slots out', () => {
    const gate = new Gate(1, 2);
    gate.tryEnter();
    const entered: string[] = [];
    gate.tryWait(
      new Visitor(() => {
        entered.push('first');
        if (gate.tryEnter()) entered.push('newcomer');
      }),
    );
    gate.tryWait(new Visitor(() => entered.push('second')));
    gate.limit = 3;
    expect(entered).toEqual(['first', 'second']);
    expect(gate.active).toBe(3);
  });

  it('lets a newcomer take a slot when nobody waits (control)', () => {
    const gate = new Gate(1, 2);
    gate.tryEnter();
    const entered: string[] = [];
    gate.tryWait(
      new Visitor(() => {
        entered.push('first');
        if (gate.tryEnter()) entered.push('newcomer');
      }),
    );
    gate.limit = 3;
    expect(entered).toEqual(['first', 'newcomer']);
  });

  it('goes on after work that ended the moment it was admitted', () => {
    const gate = new Gate(1, 100);
    gate.tryEnter();
    let depth = 0;
    let deepest = 0;
    let admitted = 0;
    for (let at = 0; at < 100; at += 1) {
      gate.tryWait(
        new Visitor(() => {
          admitted += 1;
          depth += 1;
          deepest = Math.max(deepest, depth);
          gate.leave();
          depth -= 1;
        }),
      );
    }
    gate.leave();
    expect({ admitted, deepest, active: gate.active, queued: gate.queued }).toEqual({
      admitted: 100,
      deepest: 1,
      active: 0,
      queued: 0,
    });
  });
});

describe('a limit that changes', () => {
  it('admits as many waiters as it grows by, in their order', () => {
    const { gate, admitted } = crowdedGate();
    gate.limit = 3;
    expect(gate.limit).toBe(3);
    expect(admitted).toEqual([0, 1]);
    expect([gate.active, gate.queued]).toEqual([3, 1]);
  });

  it('takes no slot back when it shrinks, and hands none out until enough are free', () => {
    const { gate, admitted } = crowdedGate({ limit: 3, waiting: 1 });
    gate.limit = 1;
    expect(gate.active).toBe(3);
    gate.leave();
    gate.leave();
    expect(admitted).toEqual([]);
    gate.leave();
    expect(admitted).toEqual([0]);
  });
});
