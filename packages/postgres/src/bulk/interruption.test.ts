import { rejection } from '../test/settings';
import { Interruption } from './interruption';
import { RowSource } from './row-source';

describe('Interruption', () => {
  it('rejects the present wait and every later one with the first error', async () => {
    const interruption = new Interruption();
    const waiting = rejection(interruption.guard(new Promise(() => {})));
    const first = new Error('first');
    interruption.interrupt(first);
    interruption.interrupt(new Error('second'));
    expect(await waiting).toBe(first);
    expect(await rejection(interruption.guard(Promise.resolve(1)))).toBe(first);
    expect(() => interruption.throwIfInterrupted()).toThrow(first);
  });

  it('lets work through that is done before', async () => {
    const interruption = new Interruption();
    expect(await interruption.guard(Promise.resolve(1))).toBe(1);
    const failure = new Error('failed');
    expect(await rejection(interruption.guard(Promise.reject(failure)))).toBe(failure);
    expect(() => interruption.throwIfInterrupted()).not.toThrow();
  });
});

describe('RowSource', () => {
  it('answers a synchronous source without a promise', () => {
    const source = new RowSource([1], new Interruption());
    expect(source.pull()).toEqual({ done: false, value: 1 });
    expect(source.pull()).toMatchObject({ done: true });
  });

  it('does not wait for a generator that never comes back from a row', async () => {
    const interruption = new Interruption();
    async function* rows() {
      await new Promise(() => {});
      yield 1;
    }
    const source = new RowSource(rows(), interruption);
    const pulled = rejection(Promise.resolve(source.pull()));
    const reason = new Error('enough');
    interruption.interrupt(reason);
    expect(await pulled).toBe(reason);
    await source.close();
  });

  it('waits until a generator that rests has cleaned up, and forgives what goes wrong there', async () => {
    const done: string[] = [];
    async function* rows() {
      try {
        yield 1;
      } finally {
        await Promise.resolve();
        done.push('clean');
        // biome-ignore lint/correctness/noUnsafeFinally: a source that fails while it is closed is the case here
        throw new Error('while closing');
      }
    }
    const source = new RowSource(rows(), new Interruption());
    await source.pull();
    await source.close();
    expect(done).toEqual(['clean']);
  });
});
