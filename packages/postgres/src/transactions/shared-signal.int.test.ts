import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { runBuiltProgram } from '../test/built-program';

/** More than the ten listeners that Node takes for a leak. */
const RUNS = 40;

describe('one signal for many', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  /** @returns the warnings of a process, and how many listeners it has left on the signal. */
  async function run(max: number, work: string): Promise<{ warnings: string[]; left: number }> {
    const printed = await runBuiltProgram(
      server.url,
      `const { getEventListeners } = require('node:events');
       const warnings = [];
       process.on('warning', ({ name }) => warnings.push(name));
       const { signal } = new AbortController();
       const unitOfWork = holdfast.createUnitOfWork(dataSource);
       const transactions = { run: (work) => unitOfWork.run(work) };
       const manager = createConnectionManager(dataSource, { transactions, healthCheckIntervalMs: 0 });
       const work = ${work};
       (async () => {
         await openDataSource(dataSource);
         await Promise.all(Array.from({ length: ${RUNS} }, work));
         await closeDataSource(dataSource);
         const left = getEventListeners(signal, 'abort').length;
         process.on('exit', () => console.log(JSON.stringify({ warnings, left })));
       })();`,
      { max },
    );
    return JSON.parse(printed);
  }

  it('of listeners is warned about (control)', async () => {
    const listen = `() => signal.addEventListener('abort', () => {})`;
    expect(await run(1, listen)).toEqual({ warnings: ['MaxListenersExceededWarning'], left: RUNS });
  });

  describe.each([
    ['that wait for a connection', 3],
    ['at once', RUNS],
  ])('%s', (_name, max) => {
    it.each([
      [
        'units of work',
        `() => unitOfWork.run((manager) => manager.query('SELECT pg_sleep(0.05)'), { signal })`,
      ],
      [
        'work on a connection',
        `() => manager.withConnection((runner) => runner.query('SELECT pg_sleep(0.05)'), { signal })`,
      ],
    ])('may be that of %s: nothing is warned about, and nothing stays', async (_kind, work) => {
      expect(await run(max, work)).toEqual({ warnings: [], left: 0 });
    });
  });
});
