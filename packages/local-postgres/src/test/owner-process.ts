import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What an owner process says about the server it has opened, or about what it has opened on a temporary server. */
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
  const [, file, open, options, serverOptions] = process.argv;
  const local = require(file);
  const subject = serverOptions === undefined
    ? Promise.resolve([])
    : local.openTemporaryServer(JSON.parse(serverOptions)).then((server) => [server]);
  subject.then((server) => local[open](...server, JSON.parse(options))).then(
    ({ pid, port, url, folder, attached, stop }) => {
      process.send({ pid, port, url, folder, attached });
      process.once('message', () => stop().then(() => process.disconnect()));
    },
    (error) => { process.send({ error: error.message }, () => process.exit(1)); },
  );
`;

type Options = Readonly<Record<string, unknown>>;

/** A process that has opened a server is running. It must be killed or ended. */
export function startOwner(
  open: 'openTemporaryServer' | 'openLocalServer',
  options: Options,
): Promise<OwnerProcess> {
  return start([open, JSON.stringify(options)]);
}

/** The same, of what is opened on a temporary server. That has been opened before, by the same process. */
export function startOwnerOfBoth(
  open: 'openPgBouncer' | 'openReplica',
  options: Options,
  serverOptions: Options,
): Promise<OwnerProcess> {
  return start([open, JSON.stringify(options), JSON.stringify(serverOptions)]);
}

async function start(args: readonly string[]): Promise<OwnerProcess> {
  const child = spawn(process.execPath, ['-e', script, builtPackage, ...args], {
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
