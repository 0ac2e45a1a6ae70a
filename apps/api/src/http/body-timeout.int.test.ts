import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import fastify from 'fastify';
import { limitBodies } from './body-timeout';
import { listenOn } from './listen';

describe('limitBodies', () => {
  it('ends a request whose body does not come with 408, and neither one without a body nor a route that is excepted', async () => {
    const app = fastify({ requestTimeout: 0 });
    limitBodies(app, { longestMs: 30, except: new Set(['/streamed']) });
    app.addContentTypeParser('text/x', (_request, body, done) => done(null, body));
    app.post('/slow', async () => 'read');
    app.get('/', async () => 'nothing to wait for');
    app.post('/streamed', async ({ raw }) => {
      let text = '';
      for await (const chunk of raw) text += chunk;
      return text;
    });
    let refused: IncomingMessage | undefined;
    app.addHook('preParsing', async ({ raw, routeOptions }, _reply, payload) => {
      if (routeOptions.url === '/slow') refused = raw;
      return payload;
    });
    await app.ready();
    const { port, url } = await listenOn(app.server, '127.0.0.1', 0);
    try {
      expect(app.server.headersTimeout).toBeGreaterThan(0);
      const open = (path: string) => {
        const socket = connect(port, '127.0.0.1').setEncoding('utf8');
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\nContent-Length: 4\r\n\r\nab`,
        );
        return socket;
      };
      const streamed = open('/streamed');
      await once(app.server, 'request');
      const slow = connect(port, '127.0.0.1').setEncoding('utf8');
      slow.write(
        'POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{',
      );
      const [answer] = await once(slow, 'data');
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      // Nobody keeps what has come of it.
      expect(refused?.listenerCount('error')).toBe(0);
      await once(slow, 'close');
      streamed.write('cd');
      const [read] = await once(streamed, 'data');
      expect(read).toMatch(/abcd/);
      streamed.destroy();
      expect(await (await fetch(url)).text()).toBe('nothing to wait for');
    } finally {
      await app.close();
    }
  });
});
