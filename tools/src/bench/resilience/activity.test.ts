import { bulkhead, circuitBreaker, pipeline, retry, timeout } from '@holdfast/resilience';
import { findInactivity } from './activity';
import { BARE, type Contender, type Settings } from './contender';
import { HOLDFAST_FOUR, HOLDFAST_VARIANTS } from './holdfast';

/** What is not there never comes, however long it is waited for. */
const IMPATIENT = { patienceMs: 100 };

type Policies = ReturnType<typeof createPolicies>;

function createPolicies({ maxAttempts, baseDelayMs, maxConcurrent, timeoutMs }: Settings) {
  return {
    retry: retry({ maxAttempts, baseDelayMs }),
    breaker: circuitBreaker(),
    bulkhead: bulkhead({ maxConcurrent }),
    timeout: timeout({ timeoutMs }),
  };
}

/** Says that it has all four, and has those that are named. */
function claimant(...names: readonly (keyof Policies)[]): Contender {
  return {
    ...HOLDFAST_FOUR,
    name: 'claimant',
    bind(operation, settings) {
      const policies = createPolicies(settings);
      const policy = pipeline(names.map((name) => policies[name]));
      return () => policy.execute(operation);
    },
  };
}

describe('a contender that does what it is measured for', () => {
  it.each([BARE, HOLDFAST_FOUR, ...HOLDFAST_VARIANTS].map((contender) => [contender.name, contender]))(
    'passes: %s',
    async (_, contender) => {
      expect(await findInactivity(contender as Contender)).toEqual([]);
    },
  );

  it('passes when it is put together by hand', async () => {
    expect(await findInactivity(claimant('retry', 'breaker', 'bulkhead', 'timeout'), IMPATIENT)).toEqual([]);
  });
});

describe('a contender that only says so is found out', () => {
  it('when it does not retry', async () => {
    expect(await findInactivity(claimant('breaker', 'bulkhead', 'timeout'), IMPATIENT)).toEqual([
      'claimant ran a failing operation 1 times instead of 3',
    ]);
  });

  it('when it retries and should not', async () => {
    const contender = { ...claimant('retry', 'breaker', 'bulkhead', 'timeout'), retries: false };
    expect(await findInactivity(contender, IMPATIENT)).toEqual([
      'claimant ran a failing operation 3 times instead of 1',
    ]);
  });

  it('when it has no breaker', async () => {
    expect(await findInactivity(claimant('retry', 'bulkhead', 'timeout'), IMPATIENT)).toEqual([
      'claimant did not open after 40 failed calls',
    ]);
  });

  it('when it has no bulkhead', async () => {
    expect(await findInactivity(claimant('retry', 'breaker', 'timeout'), IMPATIENT)).toEqual([
      'claimant let two calls in where one had room',
    ]);
  });

  it('when it has no timeout', async () => {
    expect(await findInactivity(claimant('retry', 'breaker', 'bulkhead'), IMPATIENT)).toEqual([
      'claimant still waits although its timeout is over',
    ]);
  });

  it('when it does not run the operation', async () => {
    const idle: Contender = { ...BARE, name: 'idle', bind: () => async () => 42 };
    expect(await findInactivity(idle)).toEqual([
      'idle ran an operation that succeeds 0 times',
      'idle resolved although its operation fails',
    ]);
  });

  it('when it returns something else', async () => {
    const deaf: Contender = {
      ...BARE,
      name: 'deaf',
      bind: (operation) => async () => {
        await operation();
        return 7;
      },
    };
    expect(await findInactivity(deaf)).toEqual(["deaf returned 7 instead of the operation's 42"]);
  });
});
