import { createMetrics } from './create-metrics';

describe('createMetrics', () => {
  it('renders the metrics of the process', async () => {
    const metrics = createMetrics();
    expect(metrics.contentType).toMatch(/^text\/plain/);
    expect(await metrics.render()).toMatch(/^process_cpu_seconds_total \d/m);
  });

  it('counts a request under its method, route and status, in seconds', async () => {
    const metrics = createMetrics();
    metrics.observeHttpRequest({ method: 'GET', route: '/v1/users/:id', status: 200, durationMs: 20 });
    const text = await metrics.render();
    const labels = 'method="GET",route="/v1/users/:id",status="200"';
    expect(text).toContain(`http_server_request_duration_seconds_bucket{le="0.01",${labels}} 0`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{le="0.025",${labels}} 1`);
  });

  it('reads the pool anew at every scrape', async () => {
    const pool = { used: 3, free: 1, waiting: 0, min: 2, max: 10 };
    const metrics = createMetrics({ readPool: () => pool });
    const text = await metrics.render();
    const primary = 'db_client_connection_pool_name="primary"';
    expect(text).toContain(`db_client_connection_count{${primary},db_client_connection_state="used"} 3`);
    expect(text).toContain(`db_client_connection_count{${primary},db_client_connection_state="idle"} 1`);
    expect(text).toContain(`db_client_connection_max{${primary}} 10`);
    expect(text).toContain(`db_client_connection_idle_min{${primary}} 2`);
    expect(text).toContain(`db_client_connection_idle_max{${primary}} 10`);
    expect(text).toContain(`db_client_connection_pending_requests{${primary}} 0`);
    pool.waiting = 4;
    expect(await metrics.render()).toContain(`db_client_connection_pending_requests{${primary}} 4`);
  });

  it('shows several pools, and no longer one that is gone', async () => {
    const pool = { used: 3, free: 1, waiting: 0, min: 2, max: 10 };
    let pools: Record<string, typeof pool> = { primary: pool, 'replica-1': { ...pool, max: 20 } };
    const metrics = createMetrics({ readPools: () => pools });
    expect(await metrics.render()).toContain('max{db_client_connection_pool_name="replica-1"} 20');
    pools = { primary: pool };
    const text = await metrics.render();
    expect(text).toContain('max{db_client_connection_pool_name="primary"} 10');
    expect(text).not.toContain('replica-1');
  });

  it('renders the rest when a pool cannot be read', async () => {
    const metrics = createMetrics({
      readPool: () => {
        throw new Error('the pool is closed');
      },
    });
    const text = await metrics.render();
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
    expect(text).not.toMatch(/^db_client_connection_max\{/m);
  });

  it('shows what waits for workers, and nothing of it while that is not known', async () => {
    let events: { waiting: number; oldestAgeMs: number | null; dead: number } | undefined;
    const metrics = createMetrics({ readBacklog: () => events });
    expect(await metrics.render()).not.toMatch(/^holdfast_events_/m);
    events = { waiting: 3, oldestAgeMs: 1_500, dead: 2 };
    const text = await metrics.render();
    expect(text).toMatch(/^holdfast_events_waiting 3$/m);
    expect(text).toMatch(/^holdfast_events_oldest_age_seconds 1.5$/m);
    expect(text).toMatch(/^holdfast_events_dead_letters 2$/m);
    events = { waiting: 0, oldestAgeMs: null, dead: 0 };
    expect(await metrics.render()).toMatch(/^holdfast_events_oldest_age_seconds 0$/m);
    events = undefined;
    expect(await metrics.render()).not.toMatch(/^holdfast_events_/m);
  });

  it('keeps registries apart', async () => {
    const one = createMetrics();
    const other = createMetrics();
    one.observeHttpRequest({ method: 'GET', route: '/only-here', status: 200, durationMs: 1 });
    expect(await one.render()).toContain('/only-here');
    expect(await other.render()).not.toContain('/only-here');
  });

  it('holds no timer or handle that would keep the process alive', () => {
    const before = process.getActiveResourcesInfo().length;
    createMetrics();
    expect(process.getActiveResourcesInfo()).toHaveLength(before);
    // The measure sees what does keep it alive.
    const timer = setTimeout(() => {}, 60_000);
    expect(process.getActiveResourcesInfo()).toHaveLength(before + 1);
    clearTimeout(timer);
  });
});
