import { settled } from '../test/pipeline-outcome';
import { Emitter } from './emitter';

interface Events {
  readonly opened: { readonly at: number };
  readonly closed: { readonly by: string };
}

describe('an emitter', () => {
  let emitter: Emitter<Events>;
  beforeEach(() => {
    emitter = new Emitter<Events>(['opened', 'closed']);
  });

  it('tells each listener of the events of its name, in the order in which they came to listen', () => {
    const told: unknown[] = [];
    emitter.on('opened', ({ at }) => told.push(['first', at]));
    emitter.on('opened', ({ at }) => told.push(['second', at]));
    emitter.on('closed', ({ by }) => told.push(['closed', by]));
    emitter.emit('opened', { at: 1 });
    expect(told).toEqual([
      ['first', 1],
      ['second', 1],
    ]);
    emitter.emit('closed', { by: 'hand' });
    expect(told.at(-1)).toEqual(['closed', 'hand']);
  });

  it('hands the event itself to everybody', () => {
    const event = { at: 1 };
    const told: unknown[] = [];
    emitter.on('opened', (heard) => told.push(heard));
    emitter.on('opened', (heard) => told.push(heard));
    emitter.emit('opened', event);
    expect(told.every((heard) => heard === event)).toBe(true);
    expect(told).toHaveLength(2);
  });

  it('says whether anybody listens to a name', () => {
    expect(emitter.isHeard('opened')).toBe(false);
    const leave = emitter.on('opened', () => {});
    const leaveToo = emitter.on('opened', () => {});
    expect(emitter.isHeard('opened')).toBe(true);
    expect(emitter.isHeard('closed')).toBe(false);
    leave();
    expect(emitter.isHeard('opened')).toBe(true);
    leaveToo();
    expect(emitter.isHeard('opened')).toBe(false);
    leaveToo();
    expect(emitter.isHeard('opened')).toBe(false);
  });

  it('tells nobody when nobody listens', () => {
    expect(() => emitter.emit('opened', { at: 1 })).not.toThrow();
  });

  it('tells the same function as often as it listens, and lets it leave one at a time', () => {
    let told = 0;
    const listener = () => {
      told += 1;
    };
    const leave = emitter.on('opened', listener);
    emitter.on('opened', listener);
    emitter.emit('opened', { at: 1 });
    expect(told).toBe(2);
    leave();
    leave();
    emitter.emit('opened', { at: 2 });
    expect(told).toBe(3);
  });

  it('goes on to the next when a listener throws, and keeps the one that threw', () => {
    let thrown = 0;
    const told: number[] = [];
    emitter.on('opened', () => {
      thrown += 1;
      throw new Error('a broken listener');
    });
    emitter.on('opened', ({ at }) => told.push(at));
    expect(() => emitter.emit('opened', { at: 1 })).not.toThrow();
    emitter.emit('opened', { at: 2 });
    expect(told).toEqual([1, 2]);
    expect(thrown).toBe(2);
  });

  it('ignores a listener that throws later, as async functions do', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const broken: (event: unknown) => unknown = () => Promise.reject(new Error('a broken listener'));
    emitter.on('opened', broken);
    emitter.emit('opened', { at: 1 });
    await settled();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('tells of an event those who listened when it happened, whoever comes or leaves meanwhile', () => {
    const told: string[] = [];
    const leaves: (() => void)[] = [];
    emitter.on('opened', () => {
      told.push('first');
      leaves[0]?.();
      emitter.on('opened', () => told.push('newcomer'));
    });
    leaves.push(emitter.on('opened', () => told.push('leaving')));
    emitter.emit('opened', { at: 1 });
    expect(told).toEqual(['first', 'leaving']);
    told.length = 0;
    emitter.emit('opened', { at: 2 });
    expect(told).toEqual(['first', 'newcomer']);
  });

  it.each(['open', 'toString', '__proto__', '', undefined, Symbol('opened')])('knows no event %p', (name) => {
    expect(() => emitter.on(name as 'opened', () => {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        option: 'event',
        value: name,
        allowed: 'one of opened, closed',
      }),
    );
  });

  it.each([undefined, null, {}, 'console.log'])('takes no %p for a listener', (listener) => {
    expect(() => emitter.on('opened', listener as unknown as () => void)).toThrow(
      expect.objectContaining({ option: 'listener', value: listener, allowed: 'a function' }),
    );
    expect(emitter.isHeard('opened')).toBe(false);
  });
});
