import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import type { Operation } from './attempt';

/** Something with a `then` of its own making. */
function thenable(then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) {
  return { then };
}

/** Runs an operation inside a layer that writes down every outcome. */
function run(operation: unknown) {
  const log: string[] = [];
  const promise = new Probe('call', log).execute(operation as Operation<unknown>);
  return { log, promise };
}

describe('what an operation returns', () => {
  it.each([1, 'text', undefined, null, 0, false, Symbol.for('value')])('can be %p at once', async (value) => {
    await expect(run(() => value).promise).resolves.toBe(value);
  });

  it('can be a promise', async () => {
    await expect(run(() => Promise.resolve('value')).promise).resolves.toBe('value');
    const failure = new Error('down');
    expect(await caught(run(() => Promise.reject(failure)).promise)).toBe(failure);
  });

  it('is the same object that comes out', async () => {
    const row = { id: 1 };
    await expect(run(() => row).promise).resolves.toBe(row);
    await expect(run(async () => row).promise).resolves.toBe(row);
  });

  it('can be a promise of a class of its own', async () => {
    class Query<T> extends Promise<T> {}
    await expect(run(() => Query.resolve('rows')).promise).resolves.toBe('rows');
  });

  it('can be an object with a then method, such as a query builder', async () => {
    await expect(run(() => thenable((resolve) => resolve('rows'))).promise).resolves.toBe('rows');
    await expect(run(() => thenable((_, reject) => reject('down'))).promise).rejects.toBe('down');
  });

  it('can be a function with a then method', async () => {
    const builder = Object.assign(
      () => {},
      thenable((resolve) => resolve('rows')),
    );
    await expect(run(() => builder).promise).resolves.toBe('rows');
  });

  it('is what a then method resolves to in the end', async () => {
    const nested = thenable((resolve) => resolve(Promise.resolve(thenable((inner) => inner('rows')))));
    await expect(run(() => nested).promise).resolves.toBe('rows');
  });

  it.each([
    {
      how: 'resolves twice',
      subject: thenable((resolve) => {
        resolve('first');
        resolve('second');
      }),
    },
    {
      how: 'resolves and then rejects',
      subject: thenable((resolve, reject) => {
        resolve('first');
        reject(new Error('second'));
      }),
    },
    {
      how: 'resolves and then throws',
      subject: thenable((resolve) => {
        resolve('first');
        throw new Error('second');
      }),
    },
  ])('settles once when a then method $how', async ({ subject }) => {
    const { log, promise } = run(() => subject);
    await expect(promise).resolves.toBe('first');
    await settled();
    expect(log).toEqual(['call runs', 'call succeeds']);
  });

  it('rejects when its then method, or the reading of it, throws', async () => {
    const failure = new Error('no then');
    const throwing = thenable(() => {
      throw failure;
    });
    const unreadable = Object.defineProperty({}, 'then', {
      get: () => {
        throw failure;
      },
    });
    const opaque = new Proxy({}, { has: () => Reflect.get(unreadable, 'then') as boolean });
    for (const value of [throwing, unreadable, opaque]) {
      const { log, promise } = run(() => value);
      expect(await caught(promise)).toBe(failure);
      expect(log).toEqual(['call runs', 'call fails']);
    }
  });

  it('is no promise when its then is no method', async () => {
    const row = JSON.parse('{"then": "afterwards"}');
    await expect(run(() => row).promise).resolves.toBe(row);
  });
});

describe('what an operation throws', () => {
  it.each([new Error('down'), 'text', undefined, null, 0])(
    'rejects the call untouched (%p)',
    async (thrown) => {
      const { promise } = run(() => {
        throw thrown;
      });
      await expect(promise).rejects.toBe(thrown);
    },
  );
});

describe('an operation', () => {
  it('is run in the same turn in which it is handed in', () => {
    let isRun = false;
    void run(() => {
      isRun = true;
    });
    expect(isRun).toBe(true);
  });

  it('is told the number of its attempt and that nothing bounds it', async () => {
    const work = new ManualWork();
    const call = watch(new Probe().execute(work.operation));
    const { attempt } = work.run(0);
    expect(attempt.attempt).toBe(1);
    expect(attempt.deadline).toBeUndefined();
    expect(attempt.remainingMs).toBe(Number.POSITIVE_INFINITY);
    expect(attempt.signal.aborted).toBe(false);
    expect(attempt.signal).toBe(attempt.signal);
    work.run(0).succeed();
    await settled();
    expect(call.state).toBe('fulfilled');
  });
});
