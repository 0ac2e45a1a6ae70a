import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { OperationName } from './layer';
import type { Contender } from './line-up';
import type { LayerReply, LayerRequest, Opened, Turn, TurnRequest } from './process-messages';

/** A data layer in a process of its own, which does one thing at a time. */
export interface LayerProcess extends Opened, AsyncDisposable {
  readonly contender: Contender;
  /** What the calls with these numbers answer, as plain data. */
  answer(operation: OperationName, calls: readonly number[]): Promise<readonly unknown[]>;
  /** Everything is warm; calling what it resolves to takes the turn, once. */
  prepare(request: TurnRequest): Promise<() => Promise<Turn>>;
}

/** It is open. Its process ends when it is disposed of, or when this one does. */
export async function openLayerProcess(
  contender: Contender,
  {
    url,
    poolSize,
    signal,
  }: { readonly url: string; readonly poolSize: number; readonly signal: AbortSignal },
): Promise<LayerProcess> {
  const args = [contender.module, contender.variant, url, String(poolSize)];
  const child = fork(join(__dirname, 'layer-process.js'), args, {
    // As a service is run: what a benchmark tells its own process is not handed on.
    execArgv: [],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-2_000);
  });
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  const describe = (reason: string) => new Error(`${contender.name}: ${reason}`);

  const receive = async <Kind extends LayerReply['kind']>(
    kind: Kind,
  ): Promise<Extract<LayerReply, { readonly kind: Kind }>> => {
    const hasEnded = ended.then(() => {
      signal.throwIfAborted();
      throw describe(`its process ended${complaint === '' ? '' : `: ${complaint}`}`);
    });
    const [message] = (await Promise.race([once(child, 'message'), hasEnded])) as [LayerReply];
    if (message.kind === 'failed') throw describe(message.reason);
    if (message.kind !== kind) throw describe(`it answered ${message.kind} instead of ${kind}`);
    return message as Extract<LayerReply, { readonly kind: Kind }>;
  };
  const ask = <Kind extends LayerReply['kind']>(request: LayerRequest, kind: Kind) => {
    const received = receive(kind);
    child.send(request);
    return received;
  };

  const dispose = async (): Promise<void> => {
    if (child.connected) await ask({ kind: 'close' }, 'closed').catch(() => undefined);
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const { opened } = await receive('opened');
    return {
      ...opened,
      contender,
      answer: async (operation, calls) =>
        (await ask({ kind: 'answer', operation, calls }, 'answers')).answers,
      async prepare(request) {
        await ask({ kind: 'prepare', ...request }, 'prepared');
        return async () => (await ask({ kind: 'run' }, 'ran')).turn;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw error;
  }
}
