import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createMetrics } from '@holdfast/observability';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { listenTo, listStatuses, renderLines } from '../test/raw-http';
import { Drain } from './drain';
import { listenOn } from './listen';
import { OPERATIONS_ROUTES, operationsRoutes } from './routes/operations.routes';

/** A server with a route that answers when the test says so. */
async function openServer() {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  const drain = new Drain(app, OPERATIONS_ROUTES);
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  app.get('/slow', async () => {
    await gate;
    return 'slow';
  });
  app.get('/quick', async () => 'quick');
  const parts = {
    metrics: createMetrics(),
    probe: async () => 'answered' as const,
    listStrains: () => [],
    isDraining: () => drain.isDraining,
  };
  await app.register(operationsRoutes(parts));
  await app.ready();
  const { port } = await listenOn(app.server, '127.0.0.1', 0);
  return { app, drain, open, port };
}

/** Sends a request on the connection, and resolves when the server has seen it. */
async function send(app: FastifyInstance, socket: Socket, path: string): Promise<void> {
  const seen = once(app.server, 'request');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await seen;
}

describe('Drain', () => {
  it('tells a busy connection that it is not ready, refuses its further work, and ends it after the last answer', async () => {
    const { app, drain, open, port } = await openServer();
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    await send(app, socket, '/slow');
    const drained = drain.run(600_000);
    for (const path of ['/readyz', '/livez', '/quick']) await send(app, socket, path);
    open();
    await once(socket, 'end');

    expect(text.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(9)))).toEqual([200, 503, 200, 500]);
    expect(text).toContain('{"status":"not-ready","reason":"shutting-down"}');
    expect(text).toContain('HOLDFAST_SHUTTING_DOWN');
    expect(await drained).toEqual({ cut: 0 });
    socket.destroy();
    await app.close();
  });

  it('refuses nothing before it runs', async () => {
    const { app, drain, port } = await openServer();
    const answer = await fetch(`http://127.0.0.1:${port}/quick`);
    expect(await answer.text()).toBe('quick');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(await drain.run(600_000)).toEqual({ cut: 0 });
    await app.close();
  });

  it('gives a client that has its answer and sends on the time to read it, and no more', async () => {
    const { app, drain, port } = await openServer();
    const [brief, endless] = [listenTo(`http://127.0.0.1:${port}`), listenTo(`http://127.0.0.1:${port}`)];
    for (const { socket } of [brief, endless]) {
      socket.write(
        renderLines(['POST /none HTTP/1.1', 'host: x', 'connection: close', 'content-length: 999999']),
      );
      await once(socket, 'data');
    }
    const drained = drain.run(600_000);
    for (let n = 0; n < 10; n += 1) await new Promise((resolve) => brief.socket.write('x', resolve));
    brief.socket.end();
    const { said, isReset } = await brief.heard;
    expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [404], isReset: false });
    const sendOn = setInterval(() => endless.socket.write('x'), 20);
    expect(await drained).toEqual({ cut: 0 });
    clearInterval(sendOn);
    endless.socket.destroy();
    await app.close();
    // Less than what it would have otherwise.
  }, 10_000);

  it('counts what it cut at the deadline', async () => {
    const { app, drain, port } = await openServer();
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await send(app, socket, '/slow');
    await send(app, socket, '/slow');
    expect(await drain.run(1)).toEqual({ cut: 2 });
    socket.destroy();
    await app.close();
  });
});
