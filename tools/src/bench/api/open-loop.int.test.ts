import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runClosedLoop } from './closed-loop';
import { CONNECTIONS, runOpenLoop } from './open-loop';
import type { WorkRequest } from './workloads';

const ask = (): WorkRequest => ({ method: 'GET', path: '/', headers: {} });

async function withServer<T>(listener: RequestListener, work: (address: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Answers at once, but nothing at all for a while after so many requests. */
function stallOnce(ms: number, after = 0): RequestListener {
  let freeAtMs = 0;
  let requests = 0;
  return (_request, response) => {
    requests += 1;
    if (requests > after) freeAtMs ||= performance.now() + ms;
    setTimeout(() => response.end(), Math.max(0, freeAtMs - performance.now()));
  };
}

const STALL_MS = 600;

describe('runOpenLoop', () => {
  const open = { pid: process.pid, requestsPerSecond: 200, rampMs: 0, durationMs: 1_000, seed: 1 };

  it('counts the requests that were due while the server stood still', async () => {
    const figures = await withServer(stallOnce(STALL_MS, CONNECTIONS), (address) =>
      runOpenLoop({ ...open, address }, ask),
    );
    expect(figures.failed).toBe(0);
    expect(figures.accepted).toBeGreaterThan(100);
    // More than half of the second: the typical request waited for a good part of the stall.
    expect(figures.p50Ms).toBeGreaterThan(STALL_MS / 10);
  });

  it('shows what a client that waits for answers leaves out (control)', async () => {
    const figures = await withServer(stallOnce(STALL_MS), (address) =>
      runClosedLoop(
        { address, pid: process.pid, postmasterPid: process.pid, connections: 1, durationMs: 2_000 },
        ask,
      ),
    );
    expect(figures.p50Ms).toBeLessThan(STALL_MS / 10);
  });

  it('tells what is refused from what fails', async () => {
    let n = 0;
    const statuses = [200, 429, 503, 500];
    const listener: RequestListener = (_request, response) => {
      response.statusCode = statuses[n++ % statuses.length] as number;
      response.end();
    };
    const { accepted, refused, failed } = await withServer(listener, (address) =>
      runOpenLoop({ ...open, address }, ask),
    );
    expect(Math.abs(refused - 2 * accepted)).toBeLessThan(4);
    expect(Math.abs(failed - accepted)).toBeLessThan(4);
    expect(accepted).toBeGreaterThan(0);
  });
});
