import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  appendEvents,
  createDataSource,
  type EventHandler,
  newId,
  OrganizationActivityRepository,
  runEventWorker,
} from '@holdfast/db';
import type { DataSource } from 'typeorm';
import { openServiceOnTestDatabase } from './test/test-service';

const MAIN = join(__dirname, '..', 'dist', 'worker-main.js');
const TYPES = ['order.placed', 'order.paid', 'order.sent'];
const WORKERS = 3;
const KILLS = 4;
const PATIENCE_MS = 120_000;

const startWorker = (url: string): ChildProcess =>
  spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: url },
    stdio: 'ignore',
  });

const end = async (worker: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  const closed = once(worker, 'close');
  if (worker.kill(signal)) await closed;
};

async function append(dataSource: DataSource, organizationId: string | null, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    eventType: TYPES[n % TYPES.length] as string,
    payload: {},
    organizationId,
  }));
  await appendEvents(dataSource.manager, {
    aggregateType: 'order',
    aggregateId: newId(),
    expectedVersion: 0,
    events,
  });
}

const readBacklog = async (dataSource: DataSource): Promise<number> => {
  const [{ n }] = await dataSource.query('select count(*)::integer as n from events where not processed');
  return n;
};

describe('the activity of an organization', () => {
  let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
  let dataSource: DataSource;
  const workers = new Set<ChildProcess>();
  beforeAll(async () => {
    service = await openServiceOnTestDatabase();
    dataSource = await createDataSource('test', { DATABASE_URL: service.database.url }).initialize();
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await dataSource?.destroy();
    await service?.close();
  });

  const createOrganization = async (): Promise<string> =>
    (await service.post('/v1/organizations', { name: 'Acme' })).body.id;

  it(
    'counts each event once, whatever becomes of the workers',
    async () => {
      const organizations = [await createOrganization(), await createOrganization()];
      for (let n = 0; n < WORKERS; n += 1) workers.add(startWorker(service.database.url));
      for (let killed = 0; killed < KILLS; killed += 1) {
        for (const id of organizations) for (let n = 0; n < 4; n += 1) await append(dataSource, id, 60);
        await append(dataSource, null, 9);
        const before = await readBacklog(dataSource);
        // In the middle of its work: something of what was there has been done, and something has not.
        while ((await readBacklog(dataSource)) === before)
          await new Promise((resolve) => setTimeout(resolve, 2));
        const [victim] = workers;
        if (victim === undefined) throw new Error('there is no worker');
        workers.delete(victim);
        await end(victim, 'SIGKILL');
        workers.add(startWorker(service.database.url));
      }
      while ((await readBacklog(dataSource)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all([...workers].map((worker) => end(worker, 'SIGTERM')));

      const each = String((KILLS * 4 * 60) / TYPES.length);
      for (const id of organizations) {
        const { status, body } = await service.get(`/v1/organizations/${id}/activity`);
        expect(status).toBe(200);
        expect(body.nextCursor).toBeNull();
        expect(
          body.items.map(({ eventType, events }: Record<string, string>) => [eventType, events]),
        ).toEqual(TYPES.toSorted().map((type) => [type, each]));
        const [{ last }] = await dataSource.query(
          'select max(global_position) as last from events where organization_id = $1',
          [id],
        );
        expect(body.items.map(({ lastPosition }: Record<string, string>) => lastPosition)).toContain(last);
      }
      const [{ rows }] = await dataSource.query(
        'select count(distinct organization_id)::integer as rows from organization_activity',
      );
      expect(rows).toBe(organizations.length);
    },
    PATIENCE_MS,
  );

  it('would count twice what is tried again, if it counted outside of the transaction (control)', async () => {
    const id = await createOrganization();
    const stopping = new AbortController();
    const failOnce =
      (isOutside: boolean): EventHandler =>
      async (event, { manager, attempt }) => {
        await new OrganizationActivityRepository(isOutside ? dataSource.manager : manager).count(event);
        if (attempt === 1) throw new Error('after it was counted');
      };
    const handlers = { 'order.placed': failOnce(false), 'order.paid': failOnce(true) };
    await append(dataSource, id, 2);
    const backoff = { drawDelayMs: () => 1, drawSlowDelayMs: () => 1 };
    const ended = runEventWorker(dataSource, { handlers, signal: stopping.signal, pollMs: 10, backoff });
    while ((await readBacklog(dataSource)) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stopping.abort();
    await ended;
    const { body } = await service.get(`/v1/organizations/${id}/activity`);
    expect(body.items.map(({ eventType, events }: Record<string, string>) => [eventType, events])).toEqual([
      ['order.paid', '2'],
      ['order.placed', '1'],
    ]);
  });

  it('is empty for an organization without events, and 404 for none', async () => {
    const id = await createOrganization();
    expect((await service.get(`/v1/organizations/${id}/activity`)).body).toEqual({
      items: [],
      nextCursor: null,
    });
    expect((await service.get(`/v1/organizations/${newId()}/activity`)).status).toBe(404);
  });
});
