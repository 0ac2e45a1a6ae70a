import type { Layer, OpenLayer } from './layer';
import { OPERATIONS } from './operations';
import { createPlain } from './plain-answer';
import type { LayerReply, LayerRequest, Turn, TurnRequest } from './process-messages';

/** A data layer in a process of its own. Its arguments say which; what it does, it is asked by its parent, one thing at a time. */
const [file = '', variant = '', url = '', poolSize = ''] = process.argv.slice(2);

async function serve(): Promise<void> {
  const { openLayer } = require(file) as { readonly openLayer: OpenLayer };
  const layer = await openLayer({ url, poolSize: Number(poolSize), variant });
  const answerRequest = createAnswerer(layer);
  process.on('message', (request: LayerRequest) => {
    answerRequest(request).then(reply, fail);
  });
  // The parent has ended, whatever became of it.
  process.once('disconnect', () => process.exit());
  const operations = OPERATIONS.map(({ name }) => name).filter(
    (name) => layer.operations[name] !== undefined,
  );
  reply({ kind: 'opened', opened: { operations, madeOf: layer.madeOf } });
}

function createAnswerer(layer: Layer): (request: LayerRequest) => Promise<LayerReply> {
  let run = (): Promise<Turn> => Promise.reject(new Error('nothing was prepared'));
  return async (request) => {
    switch (request.kind) {
      case 'answer': {
        const { toPlain = (answer: unknown) => answer } = layer;
        const call = bindOperation(layer, request.operation);
        const answers: unknown[] = [];
        for (const number of request.calls) answers.push(createPlain(toPlain(await call(number)())));
        return { kind: 'answers', answers };
      }
      case 'prepare':
        run = await prepareTurn(layer, request);
        return { kind: 'prepared' };
      case 'run':
        return { kind: 'ran', turn: await run() };
      case 'close':
        await layer.close();
        return { kind: 'closed' };
      default:
        return request satisfies never;
    }
  };
}

async function prepareTurn(
  layer: Layer,
  { operation, callers, calls, warmUpCalls, firstCall }: TurnRequest,
): Promise<() => Promise<Turn>> {
  const call = bindOperation(layer, operation);
  const all = Array.from({ length: warmUpCalls + calls }, (_, at) => call(firstCall + at));
  let next = 0;
  const callUntil = async (end: number): Promise<void> => {
    while (next < end) await all[next++]?.();
  };
  const callTogether = (end: number) => Promise.all(Array.from({ length: callers }, () => callUntil(end)));
  await callTogether(warmUpCalls);
  return async () => {
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    await callTogether(all.length);
    const elapsedMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpu);
    return { elapsedMs, cpuMs: (user + system) / 1_000 };
  };
}

/** The operation as a function that makes the input of a call with a number, and leaves nothing but the call to be timed. */
function bindOperation({ operations }: Layer, name: TurnRequest['operation']) {
  const operation = OPERATIONS.find((one) => one.name === name);
  const run = operations[name] as ((input: unknown) => Promise<unknown>) | undefined;
  if (operation === undefined || run === undefined) throw new Error(`this layer has no ${name}`);
  return (number: number): (() => Promise<unknown>) => {
    const input = operation.createInput(number);
    return () => run(input);
  };
}

function reply(message: LayerReply): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  reply({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

serve().catch(fail);
