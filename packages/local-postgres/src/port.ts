import { createServer } from 'node:net';

/** Whether a port of the loopback address can be listened on at this moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

/** A port nobody listens on at this moment, chosen by the operating system. Somebody may take it before it is used. */
export async function readFreePort(): Promise<number> {
  const port = await tryListen(0);
  if (port === undefined) throw new Error('the operating system has no free port on 127.0.0.1');
  return port;
}

/** The ports to try in order: those preferred that are free now, then as many others as it takes. */
export async function* planPorts(preferred: readonly number[]): AsyncGenerator<number> {
  for (const port of new Set(preferred)) {
    if (await isPortFree(port)) yield port;
  }
  while (true) yield await readFreePort();
}

async function tryListen(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
