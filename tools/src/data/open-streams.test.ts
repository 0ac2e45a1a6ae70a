import { createRandom } from '../proof/random';
import { OpenStreams, type Stream } from './open-streams';

function makeStream(number: number, due: number): Stream {
  return {
    number,
    due,
    aggregateType: 'order',
    aggregateId: '',
    organization: 0,
    organizationId: null,
    tags: [],
    meanGap: 1,
    version: 0,
    remaining: 1,
  };
}

describe('open streams', () => {
  it('are taken in the order in which they are due, and those due at once in the order of their opening', () => {
    const random = createRandom(1, 'test');
    const streams = Array.from({ length: 500 }, (_, number) => makeStream(number, Math.floor(random() * 50)));
    const open = new OpenStreams();
    for (const stream of streams) open.add(stream);
    const taken: Stream[] = [];
    for (let next = open.takeDue(50); next !== undefined; next = open.takeDue(50)) taken.push(next);
    expect(taken).toEqual(streams.toSorted((one, other) => one.due - other.due || one.number - other.number));
  });

  it('are not taken before they are due', () => {
    const open = new OpenStreams();
    open.add(makeStream(1, 10));
    expect(open.takeDue(9.9)).toBeUndefined();
    expect(open.takeDue(10)?.number).toBe(1);
    expect(open.takeDue(10)).toBeUndefined();
  });

  it('stay in order while some come and others go', () => {
    const random = createRandom(2, 'test');
    const open = new OpenStreams();
    let present: Stream[] = [];
    for (let number = 0; number < 3_000; number++) {
      if (random() < 0.6) {
        const stream = makeStream(number, random() * 1_000);
        open.add(stream);
        present.push(stream);
      } else {
        const at = random() * 1_000;
        const [first] = present.toSorted((one, other) => one.due - other.due);
        const expected = first !== undefined && first.due <= at ? first : undefined;
        expect(open.takeDue(at)).toBe(expected);
        present = present.filter((stream) => stream !== expected);
      }
    }
  });
});
