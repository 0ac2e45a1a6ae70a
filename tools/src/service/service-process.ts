import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Credentials, openCredentials } from './authorization';
import { createServiceLogin } from './service-login';

const YOUNG_SPACE = '--max-semi-space-size=64';
/** The service as it is deployed: what the Dockerfile gives Node. */
export const SERVICE_ARGUMENTS = Object.freeze([YOUNG_SPACE, 'apps/api/dist/main.js']);
const MAIN = join(dirname(require.resolve('@holdfast/api')), 'main.js');

const PEPPER = 'the pepper of a service that is measured';

/** A process that serves HTTP on a port of its own. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://host:port`. */
  readonly address: string;
  readonly pid: number;
  /** Whether it has ended, told to or not. */
  hasEnded(): boolean;
  /** Told to stop, it has ended; rejects if it ended with a failure. Disposing of it then does nothing. */
  stop(): Promise<void>;
}

/** Told of each line of its output, and of its standard error. Default: nobody; the output is read and forgotten. */
interface OutputListeners {
  readonly onLine?: ((line: string) => void) | undefined;
  readonly onErrorLine?: ((line: string) => void) | undefined;
}

/** The service in a process of its own, and a key for it. */
export interface ServiceProcess extends ServerProcess {
  readonly credentials: Credentials;
}

export interface ServiceProcessOptions extends OutputListeners {
  /** Settings besides those that any measured service has. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Of Node's, before the file. */
  readonly nodeOptions?: readonly string[];
  readonly signal?: AbortSignal;
}

/** The service answers on a free port, from a process of its own, about a migrated database, as a login of the role that it is deployed with. */
export async function openServiceProcess(
  databaseUrl: string,
  { variables = {}, nodeOptions = [], signal, ...listeners }: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  const credentials = await openCredentials(databaseUrl, PEPPER);
  const env = {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_FORMAT: 'json',
    API_KEY_PEPPER: PEPPER,
    ...(await createServiceLogin(databaseUrl)),
    ...variables,
  };
  const readAddress = (line: string): string | undefined => {
    const { message, address } = JSON.parse(line);
    return message === 'Service listens' ? String(address) : undefined;
  };
  const server = await openServerProcess([...nodeOptions, YOUNG_SPACE, MAIN], {
    env,
    readAddress,
    signal,
    ...listeners,
  });
  return Object.assign(server, { credentials });
}

export interface ServerProcessOptions extends OutputListeners {
  readonly env: Readonly<Record<string, string>>;
  /** The address that a line of its output tells. */
  readonly readAddress: (line: string) => string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A Node process serves HTTP. It ends with `stop()`, and before this process does. */
export async function openServerProcess(
  args: readonly string[],
  { env, readAddress, signal, onLine, onErrorLine }: ServerProcessOptions,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endWithThis = () => void child.kill('SIGKILL');
  process.once('exit', endWithThis);
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-2_000);
  });
  if (onErrorLine) createInterface({ input: child.stderr }).on('line', onErrorLine);
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', endWithThis);
    return code as number | null;
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    isStopped = true;
    child.kill('SIGTERM');
    const code = await ended;
    if (code !== 0) throw new Error(`the server ended with ${code}: ${complaint}`);
  };
  try {
    const address = await waitForAddress(child, ended, { readAddress, onLine, signal });
    const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
    const dispose = () => (isStopped ? Promise.resolve() : stop());
    return { address, pid: child.pid ?? 0, hasEnded, stop, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw complaint === '' ? error : new Error(`the server did not start: ${complaint}`, { cause: error });
  }
}

/** A process whose output nobody reads stands still: what it says later is read as well. */
function waitForAddress(
  child: ChildProcess,
  ended: Promise<number | null>,
  { readAddress, onLine, signal }: Pick<ServerProcessOptions, 'readAddress' | 'onLine' | 'signal'>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let isKnown = false;
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    if (onLine) lines.on('line', onLine);
    lines.on('line', (line) => {
      if (isKnown) return;
      const address = readAddress(line);
      isKnown = address !== undefined;
      if (address === undefined) return;
      resolve(address);
      if (onLine) return;
      lines.close();
      child.stdout?.resume();
    });
    ended.then((code) => reject(new Error(`the server ended with ${code} before it listened`)), reject);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal?.aborted) reject(signal.reason);
  });
}
