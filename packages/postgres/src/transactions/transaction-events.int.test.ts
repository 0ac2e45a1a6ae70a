import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { readEvents } from '../data-source/pool-registry';
import type { OperationEvent } from '../events/postgres-events';
import { breakOnce } from '../test/faults';
import { createRecordingLogger } from '../test/manager';
import { compileProgram } from '../test/program';
import { rejection } from '../test/settings';
import { openSource } from '../test/transfers';
import type { AfterCommitHook } from './transaction';
import { createUnitOfWork } from './unit-of-work';

describe('what is told of a unit of work', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  it('is the BEGIN that is sent, with its modes and limits', async () => {
    await using source = await openSource(server.url);
    const told: OperationEvent[] = [];
    readEvents(source.dataSource).on('operation', (event) => told.push(event));
    const unitOfWork = createUnitOfWork(source.dataSource);
    const work = (manager: { query(text: string): Promise<unknown> }) => manager.query('SELECT 1');
    await unitOfWork.run(work);
    await unitOfWork.run(work, { isolation: 'SERIALIZABLE', readOnly: true, deadline: 60_000 });
    expect(told.map(({ operation }) => operation)).toEqual([
      'BEGIN',
      'SELECT',
      'COMMIT',
      'BEGIN',
      'SELECT',
      'COMMIT',
    ]);
    expect(told[0]?.text).toBe('BEGIN');
    expect(told[3]?.text).toMatch(
      /^BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SET LOCAL statement_timeout = \d+; SET LOCAL transaction_timeout = \d+$/,
    );
  });

  it('is the START TRANSACTION of TypeORM where that is what is sent (control)', async () => {
    await using source = await openSource(server.url);
    const told: string[] = [];
    readEvents(source.dataSource).on('operation', ({ operation }) => told.push(operation));
    await source.dataSource.transaction((manager) => manager.query('SELECT 1'));
    expect(told).toEqual(['START', 'SELECT', 'COMMIT']);
  });

  it('is the BEGIN that was sent also when it was never answered', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url));
    const told: OperationEvent[] = [];
    readEvents(source.dataSource).on('operation', (event) => told.push(event));
    breakOnce(
      proxy,
      ({ direction, text }) => direction === 'frontend' && text?.startsWith('BEGIN') === true,
      'cut-after',
    );
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { maxAttempts: 1 } });
    await rejection(unitOfWork.run((manager) => manager.query('SELECT 1'), { deadline: 60_000 }));
    const error = { name: 'ConnectionLostError' };
    expect(told).toMatchObject([
      { operation: 'BEGIN', error },
      { operation: 'SELECT', error },
    ]);
  });

  it('names a hook that failed after the commit, what failed in it and where, and nothing of the message', async () => {
    await using source = await openSource(server.url);
    const { logger, lines } = createRecordingLogger();
    const unitOfWork = createUnitOfWork(source.dataSource, { logger });
    const createHook = compileProgram<(query: () => Promise<unknown>) => AfterCommitHook>(
      '/srv/app/orders.js',
      `(query) => async function publishOrder() {
         await query();
       }`,
    );
    const hook = createHook(() => source.dataSource.query(`SELECT 'alice@example.org'::int`));
    expect(
      await unitOfWork.run(async (_manager, { afterCommit }) => {
        afterCommit(hook);
        return 'done';
      }),
    ).toBe('done');
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'A hook failed after its transaction was committed',
        fields: {
          hook: 'publishOrder',
          error: 'QueryFailedError',
          code: '22P02',
          site: expect.stringMatching(/^(?:async )?publishOrder \(\/srv\/app\/orders\.js:2:\d+\)$/),
        },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('alice');
  });
});
