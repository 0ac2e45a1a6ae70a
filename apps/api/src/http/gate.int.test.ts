import { once } from 'node:events';
import { connect } from 'node:net';
import fastify from 'fastify';
import { refuseAtGate } from './gate';
import { listenOn } from './listen';
import { Pressure } from './pressure';
import type { Answer } from './request-log';

const KEY = { authorization: 'Bearer anything' };

/** An application in which reads have two places and appends one, all of them taken. */
async function openFull() {
  const pressure = new Pressure({
    most: { reads: 2, writes: 2, appends: 1 },
    limitMin: 10,
    limitMax: 10,
    queueMax: 0,
    queueWaitMs: 10,
    latencyMs: 1_000,
  });
  const places = [
    await pressure.enter('reads'),
    await pressure.enter('reads'),
    await pressure.enter('appends'),
  ];
  const app = fastify({ requestTimeout: 0 });
  const heard: string[] = [];
  const answers: Answer[] = [];
  let isDraining = false;
  refuseAtGate(app, {
    pressure,
    note: (answer) => answers.push(answer),
    isDraining: () => isDraining,
    maxParamLength: 100,
    bodyTimeoutMs: 50,
  });
  app.addHook('onRequest', async ({ method, url }) => {
    heard.push(`${method} ${url}`);
  });
  app.get('/v1/users/:id', async () => 'a user');
  app.get('/v1/events/tail', async () => 'a tail');
  app.post('/v1/users', async () => 'written');
  app.post('/v1/events', async () => 'appended');
  app.get('/livez', async () => 'alive');
  await app.ready();
  const { url, port } = await listenOn(app.server, '127.0.0.1', 0);
  return {
    url,
    port,
    pressure,
    places,
    heard,
    answers,
    drain: () => {
      isDraining = true;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe('refuseAtGate', () => {
  it('refuses what would find no place, and the framework hears nothing of it', async () => {
    await using full = await openFull();
    const answer = await fetch(`${full.url}/v1/users/7?email=ada@acme.example`, {
      headers: { ...KEY, 'x-request-id': 'mine' },
    });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('x-request-id')).toBe('mine');
    expect(await answer.json()).toEqual({
      type: '/problems/too-many-requests',
      title: 'Too many requests of this kind are running',
      status: 429,
      detail: 'Nothing was done. Send the request again in 1 s.',
      instance: '/v1/users/7',
      requestId: 'mine',
    });
    expect(full.heard).toEqual([]);
    expect(full.answers).toEqual([
      {
        requestId: 'mine',
        method: 'GET',
        route: '/v1/users/:id',
        status: 429,
        tookMs: expect.any(Number),
      },
    ]);
    expect(full.pressure.read().classes.reads.refused).toEqual({ 'class-full': 1, saturated: 0 });
  });

  it('lets pass what may find a place, what needs none, strangers, what is no route, and all while draining', async () => {
    await using full = await openFull();
    const ask = async (path: string, init: RequestInit = { headers: KEY }) =>
      (await fetch(full.url + path, init)).status;
    expect(await ask('/v1/users', { method: 'POST', headers: KEY })).toBe(200);
    expect(await ask('/v1/events/tail')).toBe(200);
    expect(await ask('/livez')).toBe(200);
    expect(await ask('/v1/users/7', {})).toBe(200);
    expect(await ask('/v1/nowhere')).toBe(404);
    expect(await ask('/v1/users/%zz')).toBe(400);
    expect(await ask('/v1/users/7')).toBe(429);
    expect(await ask('/v1/users/7', { method: 'HEAD', headers: KEY })).toBe(429);
    full.places[0]?.leave('answered');
    await new Promise(setImmediate);
    expect(await ask('/v1/users/7')).toBe(200);
    expect(await ask('/v1/events', { method: 'POST', headers: KEY })).toBe(429);
    full.drain();
    expect(await ask('/v1/events', { method: 'POST', headers: KEY })).toBe(200);
  });

  it('keeps the connection of an append that it has refused, and reads the next request behind its body', async () => {
    await using full = await openFull();
    const socket = connect(full.port, '127.0.0.1').setEncoding('utf8');
    let said = '';
    socket.on('data', (part) => {
      said += part;
    });
    const head = 'host: x\r\nauthorization: Bearer x\r\n';
    socket.write(`POST /v1/events HTTP/1.1\r\n${head}content-length: 7\r\n\r\n{"a":`);
    while (!said.includes('HTTP/1.1 429')) await once(socket, 'data');
    socket.write(`1}GET /livez HTTP/1.1\r\nhost: x\r\n\r\n`);
    while (!said.includes('alive')) await once(socket, 'data');
    socket.destroy();
  });

  it('ends the connection of a body that does not come', async () => {
    await using full = await openFull();
    const socket = connect(full.port, '127.0.0.1').resume();
    socket.write(
      'POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: 7\r\n\r\n{',
    );
    await once(socket, 'close');
  });
});
