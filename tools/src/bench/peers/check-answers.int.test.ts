import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { findDifferences } from './check-answers';
import type { OperationName } from './layer';
import { openLayer } from './layers/pg';
import { BASELINE, type Contender, LINE_UP } from './line-up';
import type { LayerProcess } from './open-layer-process';
import { OPERATIONS } from './operations';
import { createPlain } from './plain-answer';
import { createTables } from './tables';

/** An answer, or what becomes of it on its way. */
type Falsify = (operation: OperationName, answer: unknown) => unknown;

describe('the comparison of answers', () => {
  let database: TestDatabase;
  let client: Client;
  let close: () => Promise<void>;
  let baseline: LayerProcess;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    client = new Client({ connectionString: database.url });
    await client.connect();
    await createTables(client);
    const layer = await openLayer({ url: database.url, poolSize: 2, variant: 'named' });
    close = layer.close;
    baseline = {
      ...pretendProcess(findContender(BASELINE)),
      async answer(operation, calls) {
        const { createInput } = OPERATIONS.find(({ name }) => name === operation) ?? {};
        const run = layer.operations[operation] as (input: unknown) => Promise<unknown>;
        const answers: unknown[] = [];
        for (const call of calls) answers.push(createPlain(await run(createInput?.(call))));
        return answers;
      },
    };
  }, 60_000);

  afterAll(async () => {
    await close?.();
    await client?.end();
    await database?.drop();
  });

  /** A layer that does what node-postgres does, save what `falsify` makes of it. */
  function createPeer(falsify: Falsify): LayerProcess {
    return {
      ...pretendProcess(findContender('Kysely')),
      answer: async (operation, calls) =>
        (await baseline.answer(operation, calls)).map((answer) => falsify(operation, answer)),
    };
  }

  const compare = (peer: LayerProcess) =>
    findDifferences([baseline, peer], client, AbortSignal.timeout(60_000));

  it('finds nothing where all is the same', async () => {
    expect(await compare(createPeer((_, answer) => answer))).toEqual([]);
  });

  it('names the layer and the operation whose answer is another one', async () => {
    const falsify: Falsify = (operation, answer) =>
      operation === 'lookUpByEmail' ? { ...(answer as object), balance: 1 } : answer;
    expect(await compare(createPeer(falsify))).toEqual([
      expect.stringMatching(/^lookup by lower\(email\): Kysely has \{.*"balance":1.* instead of \{/),
    ]);
  });

  it('finds what was written otherwise, though it is answered the same', async () => {
    const peer = createPeer((_, answer) => answer);
    const forgetful: LayerProcess = {
      ...peer,
      async answer(operation, calls) {
        const answers = await peer.answer(operation, calls);
        if (operation === 'updateUser') await client.query('update users set login_count = 0');
        return answers;
      },
    };
    expect(await compare(forgetful)).toEqual([expect.stringMatching(/^update one column: Kysely has /)]);
  });

  it('is refused where the answers that others are held against are not whole', async () => {
    const empty: LayerProcess = {
      ...baseline,
      answer: async (_, calls) => calls.map(() => null),
    };
    await expect(findDifferences([empty], client, AbortSignal.timeout(60_000))).rejects.toThrow('not whole');
  });
});

function findContender(wanted: string): Contender {
  const found = LINE_UP.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`there is no ${wanted}`);
  return found;
}

function pretendProcess(contender: Contender): LayerProcess {
  return {
    contender,
    madeOf: [],
    operations: OPERATIONS.map(({ name }) => name),
    answer: () => Promise.reject(new Error('not said')),
    prepare: () => Promise.reject(new Error('nothing is timed here')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
