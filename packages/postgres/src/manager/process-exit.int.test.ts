import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { runBuiltProgram } from '../test/built-program';

/** Runs a program that has a DataSource and can have a manager, and answers what it printed. */
function run(url: string, program: string): Promise<string> {
  return runBuiltProgram(
    url,
    `const transactions = { run: (work) => dataSource.transaction(work) };
     const createManager = (healthCheckIntervalMs) =>
       createConnectionManager(dataSource, { transactions, healthCheckIntervalMs });
     ${program}`,
  );
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
