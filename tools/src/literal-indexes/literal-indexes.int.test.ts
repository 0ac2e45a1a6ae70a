import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { withRunner } from '../bench/indexes/bench-server';
import { readIndexSizes, takeLiteralSet } from '../bench/indexes/index-sets';
import { loadData } from '../data/load-data';
import { LITERAL_INDEXES } from './literal-indexes';

/** The plan had the first two beside the twenty-one, and not the third: docs/benchmarks.md. */
const DIFFERENT = ['events_pkey', 'idx_user_orgs_user_organization', 'idx_users_last_name'];

describe('the literal indexes', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
    await loadData(server.url, { events: 1_000 }, { indexes: 'after' });
  }, 60_000);

  afterAll(() => server.stop());

  it('are twenty-one, of as many names', () => {
    expect(new Set(LITERAL_INDEXES.map(({ name }) => name)).size).toBe(21);
  });

  it('take the place of those that ship under their names, and leave the others as they are', async () => {
    const [before, after] = await withRunner(server.url, async (runner) => {
      const shipped = await readIndexSizes(runner);
      await takeLiteralSet(runner);
      return [shipped, await readIndexSizes(runner)];
    });
    const names = LITERAL_INDEXES.map(({ name }) => name);
    const definitionsOf = (sizes: typeof before, wanted: (name: string) => boolean) =>
      Object.fromEntries(
        sizes.filter(({ name }) => wanted(name)).map(({ name, definition }) => [name, definition]),
      );
    const isLiteral = (name: string) => names.includes(name);
    expect(Object.keys(definitionsOf(after, isLiteral)).sort()).toEqual([...names].sort());
    expect(Object.keys(definitionsOf(before, isLiteral)).sort()).toEqual([...names].sort());
    const isOther = (name: string) => !isLiteral(name) && !DIFFERENT.includes(name);
    expect(definitionsOf(after, isOther)).toEqual(definitionsOf(before, isOther));
    const definitions = after.map(({ definition }) => definition);
    // The shipped primary key has the name of a literal index, which is none: the events have the planned one.
    expect(before.map(({ name }) => name)).not.toContain('events_pkey');
    expect(definitions).toEqual(
      expect.arrayContaining([
        'CREATE UNIQUE INDEX events_pkey ON public.events USING btree (aggregate_id, id)',
        'CREATE INDEX idx_events_aggregate_timeline ON public.events USING btree (aggregate_type, aggregate_id, aggregate_version, event_timestamp DESC)',
      ]),
    );
    expect(after.filter(({ name, definition }) => isLiteral(name) && /UNIQUE/.test(definition))).toEqual([]);
  });
});
