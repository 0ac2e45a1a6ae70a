import { circuitBreaker, fakeClock, timeout } from '@holdfast/resilience';
import { createPostgresDataSource } from '../data-source/data-source';
import { rejection, settings } from '../test/settings';
import type { IsolationLevel } from './begin';
import { createUnitOfWork } from './unit-of-work';
import type { RunOptions } from './unit-of-work-options';

// `npm run typecheck` fails as soon as a line behind @ts-expect-error compiles.

function createDataSource() {
  return createPostgresDataSource({
    url: 'postgres://app@127.0.0.1:1/app',
    pool: settings,
    applicationName: 'test',
    entities: [],
    migrations: [],
  });
}

function create(options: object) {
  return createUnitOfWork(createDataSource(), options);
}

describe('createUnitOfWork', () => {
  it.each<[string, unknown]>([
    ['retry', null],
    ['retry', true],
    ['retry', 5],
    ['retry', []],
    ['retry', 'twice'],
    ['policies', null],
    ['policies', 5],
    ['policies', 'breaker'],
    ['policies', circuitBreaker()],
    ['witness', null],
    ['witness', 'on'],
    ['witness', 1],
    ['ledger', true],
    ['commitMs', '5'],
    ['resolveMs', null],
    ['logger', null],
  ])('names %s when it is %p, and says what is allowed', (option, value) => {
    expect(() => create({ [option]: value })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        option,
        message: expect.stringMatching(new RegExp(`^${option} must be .+, but is .+`)),
      }),
    );
  });

  it('names the place of what is no policy, in the list as it was given', () => {
    expect(() => create({ policies: [timeout({ timeoutMs: 5 }), circuitBreaker] })).toThrow(
      expect.objectContaining({ option: 'policies[1]', value: circuitBreaker }),
    );
  });

  it('refuses a policy that is listed twice, or that tells time by another clock', () => {
    const breaker = circuitBreaker();
    expect(() => create({ policies: [breaker, breaker] })).toThrow(
      expect.objectContaining({ option: 'policies' }),
    );
    const policies = [breaker, timeout({ timeoutMs: 5, clock: fakeClock() })];
    expect(() => create({ policies })).toThrow(expect.objectContaining({ option: 'policies[1].clock' }));
  });

  it.each([undefined, null, 'postgres://', 5, {}])('refuses %p for a DataSource', (value) => {
    expect(() => createUnitOfWork(value as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'dataSource' }),
    );
  });
});

describe('run', () => {
  const run = (options: RunOptions) => create({}).run(async () => 1, options);

  it.each<[string, unknown]>([
    ['readOnly', 'yes'],
    ['replica', 'host'],
    ['replica', null],
    ['replica', 1],
    ['isolation', 'serializable'],
    ['signal', 'abort'],
    ['deadline', '5s'],
    ['wasApplied', true],
    ['context', 'checkout'],
    ['context', null],
  ])('names %s when it is %p, and says what is allowed', async (option, value) => {
    const options = { readOnly: true, [option]: value } as RunOptions;
    expect(await rejection(run(options))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
      message: expect.stringMatching(new RegExp(`^${option} must be .+, but is .+`)),
    });
  });

  // @ts-expect-error: a replica takes no writes.
  const onReplica: RunOptions = { replica: true };
  // @ts-expect-error: nor does it when the unit of work is said to write.
  const writing: RunOptions = { replica: true, readOnly: false };
  // @ts-expect-error: standbys do not have SERIALIZABLE.
  const serializable: RunOptions = { replica: true, readOnly: true, isolation: 'SERIALIZABLE' };

  it.each([onReplica, writing, serializable])(
    'refuses on a replica what cannot be done there, as the compiler does: %p',
    async (options) => {
      expect(await rejection(run(options))).toMatchObject({ code: 'INVALID_OPTION', option: 'replica' });
    },
  );

  it('is not in the way of options that are known only when it runs (control)', async () => {
    const may = Math.random() < 2;
    const isolation: IsolationLevel = may ? 'REPEATABLE READ' : 'READ COMMITTED';
    const options: RunOptions[] = [
      { readOnly: true, replica: may },
      { readOnly: true, replica: true, isolation },
      { readOnly: may, replica: false, isolation: 'SERIALIZABLE' },
      { readOnly: true, isolation: 'SERIALIZABLE' },
      { ...(may && { readOnly: true, replica: true }) },
    ];
    // None is refused for what it says: the DataSource is not open.
    const notOpen = { code: 'DATA_SOURCE_NOT_OPEN' };
    for (const each of options) expect(await rejection(run(each))).toMatchObject(notOpen);
  });
});
