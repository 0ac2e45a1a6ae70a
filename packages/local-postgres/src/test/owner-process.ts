import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What an owner process says about the server it has opened. */
export interface OwnedServer {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  readonly attached: boolean;
}

/** Another Node process that has opened a server with the built package, for tests that kill it. */
export interface OwnerProcess {
  readonly process: ChildProcess;
  readonly server: OwnedServer;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
  /** Lets go of the server and ends in order. */
  end(): Promise<void>;
}

const builtPackage = join(__dirname, '..', '..', 'dist', 'index.js');

const script = `
  const local = require(process.argv[1]);
  local[process.argv[2]](JSON.parse(process.argv[3])).then(
    ({ pid, port, url, folder, attached, stop }) => {
      process.send({ pid, port, url, folder, attached });
      process.once('message', () => stop().then(() => process.disconnect()));
    },
    (error) => { process.send({ error: error.message }, () => process.exit(1)); },
  );
`;

/** A process that has opened a server is running. It must be killed or ended. */
export async function startOwner(
  open: 'openTemporaryServer' | 'openLocalServer',
  options: Readonly<Record<string, unknown>>,
): Promise<OwnerProcess> {
  const child = spawn(process.execPath, ['-e', script, builtPackage, open, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const [server] = await once(child, 'message');
  if ('error' in server) throw new Error(`the owner could not open its server: ${server.error}`);
  return {
    process: child,
    server,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    end: async () => {
      child.send('end');
      await exited;
    },
  };
}
