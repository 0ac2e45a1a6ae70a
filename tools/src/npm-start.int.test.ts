import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { readLocalServer } from '@holdfast/local-postgres';
import { listDescendants, waitForEnd } from './test/processes';
import { openScratchFolder } from './test/scratch-folder';

const root = join(__dirname, '..', '..');

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

async function findFreePort(): Promise<number> {
  const server = await listen(0);
  const { port } = server.address() as AddressInfo;
  await close(server);
  return port;
}

/** npm itself, as a process manager starts and stops it. What is built already stays as it is. */
function startNpm(variables: Readonly<Record<string, string>>): ChildProcess {
  const { PATH, HOME, HOLDFAST_POSTGRES } = process.env;
  return spawn('npm', ['start'], {
    cwd: root,
    env: { PATH, HOME, HOLDFAST_POSTGRES, ...variables },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Resolves once it says that it is ready; rejects if it ends before. Its output is read to the end. */
function waitUntilReady({ stdout }: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('Stop with Ctrl-C')) resolve();
    });
    stdout?.once('close', () => reject(new Error(`npm start ended before it was ready: ${output}`)));
  });
}

describe('npm start, told to stop by a signal to npm', () => {
  it('leaves no process behind, and its port free', async () => {
    using folder = openScratchFolder();
    const port = await findFreePort();
    const npm = startNpm({ HOLDFAST_DIRECTORY: folder.path, PORT: String(port) });
    const closed = once(npm, 'close');
    await waitUntilReady(npm);
    const server = await readLocalServer({ directory: folder.path });
    const processes = listDescendants(npm.pid ?? 0);
    expect(processes).toContain(server?.pid);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);

    npm.kill('SIGTERM');
    await closed;
    await waitForEnd(processes);
    await close(await listen(port));
  });
});
