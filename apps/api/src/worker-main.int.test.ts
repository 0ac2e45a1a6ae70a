import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { appendEvents, createDataSource } from '@holdfast/db';
import { openTestDatabase } from '@holdfast/local-postgres';

const MAIN = join(__dirname, '..', 'dist', 'worker-main.js');

const start = (url: string, variables: Record<string, string> = {}) =>
  spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: url, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

describe('npm run worker', () => {
  it('works through what waits, and exits with 0 when it is told to stop', async () => {
    const database = await openTestDatabase();
    const dataSource = createDataSource('test', { DATABASE_URL: database.url });
    await dataSource.initialize();
    const worker = start(database.url);
    try {
      const output = text(worker.stdout);
      const errors = text(worker.stderr);
      const closed = once(worker, 'close');
      await appendEvents(dataSource.manager, {
        aggregateType: 'account',
        aggregateId: randomUUID(),
        expectedVersion: 0,
        events: [{ eventType: 'account.opened', payload: {} }],
      });
      while ((await dataSource.query('select from events where processed')).length === 0) {
        if (worker.exitCode !== null) throw new Error(`the worker has ended: ${await errors}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      worker.kill('SIGTERM');
      expect((await closed)[0]).toBe(0);
      expect(await output).toContain('Worker has stopped');
    } finally {
      worker.kill('SIGKILL');
      await dataSource.destroy();
      await database.drop();
    }
  });

  it('ends with 1 and one line when its settings are wrong', async () => {
    const worker = start('postgres://localhost/none', { LOG_LEVEL: 'loud' });
    const [line, [code]] = await Promise.all([text(worker.stderr), once(worker, 'close')]);
    expect(code).toBe(1);
    expect(line).toMatch(/^holdfast-worker: .*LOG_LEVEL.*\n$/);
  });
});
