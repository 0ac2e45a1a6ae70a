import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { runBuiltProgram } from '../test/built-program';

describe('a process that may not generate code', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  /** What becomes of a repository, and of `findByIds`, which does without one where it must. */
  const run = (...nodeOptions: string[]) =>
    runBuiltProgram(
      server.url,
      `const { EntitySchema } = require('typeorm');
       class Item {}
       const columns = { id: { type: 'integer', primary: true } };
       dataSource.setOptions({ entities: [new EntitySchema({ name: 'item', target: Item, columns })] });
       (async () => {
         await openDataSource(dataSource);
         await dataSource.query('DROP TABLE IF EXISTS item');
         await dataSource.query('CREATE TABLE item AS SELECT 1 AS id');
         let created = 'created';
         try { holdfast.createRepository(dataSource, Item); } catch (error) { created = error.message; }
         console.log(created);
         console.log(JSON.stringify(await holdfast.findByIds(dataSource, Item, [1, 2])));
         await closeDataSource(dataSource);
       })();`,
      { nodeOptions },
    );

  it('is refused a repository before anything is written, and finds by ids as before', async () => {
    expect(await run('--disallow-code-generation-from-strings')).toBe(
      'The repository of Item does not support processes that may not generate code: rows are read by such code. ' +
        `TypeORM's own repository does.\n[{"id":1},null]`,
    );
    // The control.
    expect(await run()).toBe('created\n[{"id":1},null]');
  });
});
