import type { Logger, QueryRunner } from 'typeorm';
import { compareDataSources } from '../test/compared-data-sources';
import { openTestServer, type TestServer } from '../test/test-server';

type Call = readonly [text: string, values?: unknown];

/** Each is sent thrice, so that it is named and then executed by name. */
const CALLS: readonly Call[] = [
  ['INSERT INTO note VALUES (1), (2), (3)'],
  ['SELECT id, now() > $1 AS "late", NULL AS "nothing", 1 AS "id" FROM note ORDER BY id', [new Date(0)]],
  ['SELECT id FROM note WHERE id = $1', [7]],
  ['SELECT FROM note WHERE id = $1', [1]],
  ['UPDATE note SET id = id WHERE id < $1', [3]],
  ['UPDATE note SET id = id WHERE id < $1 RETURNING id', [3]],
  ['DELETE FROM note WHERE id = $1 RETURNING id', [3]],
  ['INSERT INTO note VALUES ($1) ON CONFLICT DO NOTHING RETURNING id', [1]],
  ['SELECT 1 AS "one"; SELECT 2 AS "two"'],
  ['BEGIN'],
  ['COMMIT'],
  [''],
  ['SELECT 1 / $1::int', [0]],
  ['SELECT nothing'],
  ['SELECT :one', { one: 1 }],
];

describe("TypeORM's query runner on this pool", () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  async function tellOutcome(
    runner: QueryRunner,
    [text, values]: Call,
    isStructured: boolean,
  ): Promise<unknown> {
    try {
      return await runner.query(text, values as unknown[], isStructured as true);
    } catch (error) {
      const { name, message, query, parameters, driverError } = error as Error & Record<string, unknown>;
      return { name, message, query, parameters, code: (driverError as { code?: string } | undefined)?.code };
    }
  }

  it.each([false, true])('answers as that of TypeORM does; structured: %s', async (isStructured) => {
    const { ours, plain } = await compareDataSources({ url: database.url }, async (dataSource) => {
      const told: unknown[] = [];
      const note =
        (kind: string) =>
        (...facts: unknown[]) =>
          told.push([kind, ...facts.filter((fact) => typeof fact === 'string' || Array.isArray(fact))]);
      const logger = { logQuery: note('query'), logQueryError: note('error'), logQuerySlow: note('slow') };
      dataSource.logger = logger as unknown as Logger;
      const runner = dataSource.createQueryRunner();
      const outcomes: unknown[] = [];
      for (const [text, values] of CALLS) {
        for (let use = 0; use < 3; use += 1)
          outcomes.push(await tellOutcome(runner, [text, values], isStructured));
      }
      await runner.release();
      outcomes.push(await tellOutcome(runner, ['SELECT 1'], isStructured));
      return { outcomes, told };
    });
    expect(ours.outcomes).toHaveLength(3 * CALLS.length + 1);
    expect(ours).toEqual(plain);
  });

  it('counts among the connected ones of its driver from its first statement to its release', async () => {
    const { ours, plain } = await compareDataSources({ url: database.url }, async (dataSource) => {
      const { connectedQueryRunners } = dataSource.driver as unknown as { connectedQueryRunners: unknown[] };
      const runner = dataSource.createQueryRunner();
      const counts = [connectedQueryRunners.length];
      const [one, other] = await Promise.all([runner.connect(), runner.connect()]);
      counts.push(connectedQueryRunners.length);
      await runner.release();
      counts.push(connectedQueryRunners.length);
      return { counts, isOne: one === other };
    });
    expect(ours).toEqual({ counts: [0, 1, 0], isOne: true });
    expect(plain).toEqual(ours);
  });
});
