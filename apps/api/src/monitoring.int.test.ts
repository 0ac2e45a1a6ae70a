import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkMonitoring } from '@holdfast/observability/monitoring-check';
import { openServiceOnTestDatabase } from './test/test-service';

const FOLDER = join(__dirname, '../../../monitoring');

describe('the alerts and the dashboard', () => {
  let service: Awaited<ReturnType<typeof openServiceOnTestDatabase>>;
  let scrape: string;
  beforeAll(async () => {
    service = await openServiceOnTestDatabase();
    expect((await service.post('/v1/organizations', { name: 'Acme' })).status).toBe(201);
    expect((await service.get('/v1/organizations?status=active')).status).toBe(200);
    // What is told of events was read at the scrape before.
    do scrape = (await service.get('/metrics')).body;
    while (!/^holdfast_events_waiting \d/m.test(scrape));
  });
  afterAll(() => service?.close());

  it('ask only for what the service measures', async () => {
    expect(await checkMonitoring(scrape, FOLDER)).toEqual([]);
  });

  it('would be told of it if it stopped measuring something they ask for', async () => {
    const asked = await readFile(join(FOLDER, 'alerts.yaml'), 'utf8');
    expect(asked).toContain('db_client_connection_pending_requests');
    const less = scrape.replaceAll('db_client_connection_pending_requests', 'db_client_connection_pending');
    expect((await checkMonitoring(less, FOLDER)).join('\n')).toContain(
      'db_client_connection_pending_requests',
    );
    expect(await readdir(FOLDER)).toEqual(expect.arrayContaining(['alerts.yaml', 'dashboard.json']));
  });
});
