import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const BUILT = join(__dirname, '../../dist/index.js');

/** Runs a program that may use the package as `holdfast`, and answers what it printed when it had ended by itself. */
function run(program: string): Promise<string> {
  if (!existsSync(BUILT)) throw new Error('Build the package first: this test runs what its users get');
  const prelude = `const holdfast = require(${JSON.stringify(BUILT)});`;
  return new Promise((resolve, reject) => {
    // The limit is there to end the test, should the program never end.
    execFile(
      process.execPath,
      ['-e', `${prelude}\n${program}`],
      { timeout: 30_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else reject(new Error(`ended with ${error.signal ?? error.code}: ${stdout}${stderr}`));
      },
    );
  });
}

/** Policies of every kind, which have all served calls. */
const POLICIES_ALIVE = `
  const hourMs = 3_600_000;
  const limit = holdfast.timeout({ timeoutMs: hourMs });
  const budget = holdfast.retryBudget();
  const again = holdfast.retry({ budget, backoff: holdfast.constant(1), maxAttempts: 2 });
  const slots = holdfast.bulkhead({ maxConcurrent: 1, maxQueue: 5, maxQueueWaitMs: hourMs });
  const breaker = holdfast.circuitBreaker({ tripRule: holdfast.consecutiveFailures(1), breakMs: hourMs, maxBreakMs: hourMs });
  const hedged = holdfast.hedge({ delayMs: hourMs, budget });
  const policy = holdfast.pipeline([again, slots, limit, hedged]);
  const down = () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
  const outcomes = [];
  const serve = async () => {
    const { signal } = new AbortController();
    const context = { idempotent: true };
    const answer = () => new Promise((resolve) => setTimeout(resolve, 1, 'ok'));
    const call = (operation) => policy.execute(operation, { signal, deadline: hourMs, context });
    const calls = [call(answer), call(answer), call(down), breaker.execute(down)];
    for (const { status } of await Promise.allSettled(calls)) outcomes.push(status);
    return [...outcomes, breaker.state].join(' ');
  };`;

describe('a process', () => {
  it('ends by itself although policies are alive: an idle timeout, an open breaker, a spent budget', async () => {
    const printed = await run(`${POLICIES_ALIVE} serve().then(console.log);`);
    expect(printed).toBe('fulfilled fulfilled rejected rejected open');
  });

  it('stays alive for a pending call until its timeout fires (control)', async () => {
    const printed = await run(`
      const limit = holdfast.timeout({ timeoutMs: 200 });
      limit.execute(() => new Promise(() => {})).catch(({ code }) => console.log(code));`);
    expect(printed).toBe('TIMEOUT');
  });

  it('stays alive for a call that waits for a slot, until its wait is over', async () => {
    const printed = await run(`
      const slots = holdfast.bulkhead({ maxConcurrent: 1, maxQueue: 1, maxQueueWaitMs: 200 });
      void slots.execute(() => new Promise(() => {}));
      slots.execute(() => 'run').catch(({ code }) => console.log(code));`);
    expect(printed).toBe('BULKHEAD_WAIT_EXCEEDED');
  });

  it('stays alive for the wait between two attempts', async () => {
    const printed = await run(`
      const again = holdfast.retry({ maxAttempts: 2, backoff: holdfast.constant(100) });
      const down = Object.assign(new Error('down'), { transient: true });
      again.execute(({ attempt }) => (attempt === 1 ? Promise.reject(down) : attempt)).then(console.log);`);
    expect(printed).toBe('2');
  });

  it('does not stay alive for work that a timeout left behind', async () => {
    const printed = await run(`
      const limit = holdfast.timeout({ timeoutMs: 20 });
      limit.execute(() => new Promise(() => {})).catch(({ code }) => console.log(code));
      setTimeout(() => console.log('kept alive'), 3_600_000).unref();`);
    expect(printed).toBe('TIMEOUT');
  });
});
