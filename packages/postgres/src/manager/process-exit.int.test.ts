import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';

const BUILT = join(__dirname, '../../dist');

/** Runs a program that has a DataSource and its manager, and answers what it printed when it had ended by itself. */
function run(url: string, program: string): Promise<string> {
  const registry = join(BUILT, 'manager/manager-registry.js');
  if (!existsSync(registry)) throw new Error('Build the package first: this test runs what its users get');
  const prelude = `
    const { closeDataSource, createPostgresDataSource, openDataSource } = require(${JSON.stringify(BUILT)});
    const { createConnectionManager } = require(${JSON.stringify(registry)});
    const times = { idleMs: 50, acquireMs: 5000, createMs: 5000, destroyMs: 1000, createRetryMs: 20 };
    const dataSource = createPostgresDataSource({
      url: ${JSON.stringify(url)},
      pool: { min: 0, max: 1, ...times },
      applicationName: 'exit',
      entities: [],
      migrations: [],
    });
    const transactions = { run: (work) => dataSource.transaction(work) };
    const createManager = (healthCheckIntervalMs) =>
      createConnectionManager(dataSource, { transactions, healthCheckIntervalMs });`;
  return new Promise((resolve, reject) => {
    const limit = { timeout: 30_000 };
    execFile(process.execPath, ['-e', `${prelude}\n${program}`], limit, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`ended with ${error.signal ?? error.code}: ${stdout}${stderr}`));
    });
  });
}

describe('a process', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  it('ends by itself although a manager is there that nobody closed', async () => {
    const printed = await run(server.url, `createManager(3_600_000); console.log('created');`);
    expect(printed).toBe('created');
  });

  it('ends by itself after the DataSource was closed behind the back of a manager with an open alert', async () => {
    const printed = await run(
      server.url,
      `const manager = createManager(3_600_000);
       manager.on('alert', ({ kind }) => console.log(kind));
       const work = () => manager.withConnection((runner) => runner.query('SELECT 1'));
       openDataSource(dataSource)
         .then(() => Promise.all([work(), work(), work()]))
         .then(() => closeDataSource(dataSource))
         .then(() => console.log('closed'));`,
    );
    expect(printed.split('\n').sort()).toEqual(['closed', 'near-capacity', 'under-pressure']);
  });

  it('ends by itself once its connections have been idle for long enough', async () => {
    const printed = await run(
      server.url,
      `createManager(3_600_000);
       openDataSource(dataSource).then(() => console.log('opened'));`,
    );
    expect(printed).toBe('opened');
  });

  it('would stay alive for a timer of that kind (control)', async () => {
    const printed = await run(
      server.url,
      `createManager(3_600_000);
       const timer = setInterval(() => { console.log('kept alive'); clearInterval(timer); }, 300);`,
    );
    expect(printed).toBe('kept alive');
  });
});
