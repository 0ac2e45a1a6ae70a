import type { QueryRunner } from 'typeorm';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { openScratch, type Scratch } from '../test/scratch';
import { canonicalise } from './canonicalise';
import { compareIndexes } from './compare-indexes';
import { readIndexes } from './read-indexes';

const SHAPES: readonly (Omit<IndexDefinition, 'table' | 'name'> & { readonly shape: string })[] = [
  { shape: 'one column', keys: ['"a"'] },
  { shape: 'two columns', keys: ['"a"', '"n"'] },
  { shape: 'a descending column', keys: ['"a" DESC'] },
  { shape: 'descending, NULLs last', keys: ['"a" DESC NULLS LAST'] },
  { shape: 'ascending, NULLs first', keys: ['"a" NULLS FIRST'] },
  { shape: 'an explicit default order', keys: ['"a" ASC NULLS LAST'] },
  { shape: 'an expression', keys: ['(lower("a"))'] },
  { shape: 'an operator expression', keys: ['("n" + 1)'] },
  { shape: 'an expression of two columns', keys: [`(coalesce("a", '') || "b")`] },
  { shape: 'a cast', keys: ['(("n")::text)'] },
  { shape: 'a JSON path', keys: [`(("j" ->> 'kind'))`] },
  { shape: 'an operator class', keys: ['"a" text_pattern_ops'] },
  { shape: 'an operator class on an expression', keys: ['(lower("a")) text_pattern_ops DESC'] },
  { shape: 'a collation', keys: ['"a" COLLATE "C"'] },
  { shape: 'a collation and a class', keys: ['"a" COLLATE "C" text_pattern_ops'] },
  { shape: 'unique', keys: ['"a"'], unique: true },
  { shape: 'NULLS NOT DISTINCT', keys: ['"a"'], unique: true, nullsNotDistinct: true },
  { shape: 'included columns', keys: ['"a"'], include: ['b', 'n'] },
  { shape: 'a predicate', keys: ['"a"'], where: '"n" > 0' },
  { shape: 'a predicate with IN', keys: ['"a"'], where: `"b" in ('x', 'y')` },
  { shape: 'a predicate with IS NOT NULL', keys: ['"a"'], where: '"a" is not null and not "f"' },
  { shape: 'a fill factor', keys: ['"a"'], storage: { fillfactor: 70 } },
  { shape: 'gin on an array', keys: ['"t"'], method: 'gin' },
  { shape: 'gin without fastupdate', keys: ['"t"'], method: 'gin', storage: { fastupdate: false } },
  { shape: 'gin on jsonb, path operators', keys: ['"j" jsonb_path_ops'], method: 'gin' },
  { shape: 'gin with trigrams', keys: ['"a" gin_trgm_ops'], method: 'gin' },
  { shape: 'gist with a class parameter', keys: ['"a" gist_trgm_ops(siglen=32)'], method: 'gist' },
  { shape: 'brin', keys: ['"n"'], method: 'brin', storage: { pages_per_range: 32 } },
  { shape: 'hash', keys: ['"a"'], method: 'hash' },
  { shape: 'a column that must be quoted', keys: ['"Camel Case"'], include: ['order'] },
];

const named = ({ shape, ...definition }: (typeof SHAPES)[number], at: number): IndexDefinition => ({
  ...definition,
  table: 'shapes',
  name: `idx_shape_${at}`,
});

describe('reading and comparing indexes', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeAll(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query('create extension pg_trgm');
    await runner.query(
      `create table shapes (
         a text, b text, n integer, f boolean, j jsonb, t text[], "Camel Case" text, "order" text,
         constraint shapes_unique unique (a, b)
       )`,
    );
    for (const [at, shape] of SHAPES.entries()) await runner.query(renderCreateIndex(named(shape, at)));
  });

  afterAll(async () => {
    await runner.release();
    await scratch.close();
  });

  it.each(SHAPES.map((shape, at) => [shape.shape, named(shape, at)] as const))(
    'takes a declared index with %s for the one that was built from it',
    async (_, definition) => {
      const [canonical] = await canonicalise(runner, [definition]);
      const [actual] = await readIndexes(runner, { name: definition.name });
      if (canonical === undefined || 'refusal' in canonical || actual === undefined)
        throw new Error('not read');
      expect(compareIndexes(canonical.index, actual)).toEqual([]);
    },
  );

  it.each(SHAPES.map((shape, at) => [shape.shape, named(shape, at)] as const))(
    'builds an index with %s again from what it read',
    async (_, { name }) => {
      const [actual] = await readIndexes(runner, { name });
      if (actual === undefined) throw new Error('not read');
      const copy = { ...actual, name: `${name}_copy` };
      await runner.query(renderCreateIndex(copy));
      const [again] = await readIndexes(runner, { name: copy.name });
      if (again === undefined) throw new Error('not read');
      expect(compareIndexes(again, actual)).toEqual([]);
    },
  );

  it('tells every two shapes apart', async () => {
    const all = await readIndexes(runner, { tables: ['shapes'] });
    const shapes = all.filter(({ name }) => /^idx_shape_\d+$/.test(name));
    expect(shapes).toHaveLength(SHAPES.length);
    const same = shapes.flatMap((one, at) =>
      shapes
        .slice(at + 1)
        .filter((other) => compareIndexes(one, other).length === 0)
        .map((other) => [one.name, other.name]),
    );
    // The explicit default order is the plain column.
    expect(same).toEqual([['idx_shape_0', 'idx_shape_5']]);
  });

  it.each([
    ['the set of columns', { keys: ['"n"', '"a"'] }, { keys: ['"n"', '"b"'] }, 'columns'],
    ['the number of columns', { keys: ['"n"', '"a"'] }, { keys: ['"n"'] }, 'columns'],
    ['the collation', { keys: ['"a" COLLATE "C"'] }, { keys: ['"a"'] }, 'collation'],
    ['the order of columns', { keys: ['"n"', '"a"'] }, { keys: ['"a"', '"n"'] }, 'column order'],
    ['DESC', { keys: ['"a" DESC'] }, { keys: ['"a"'] }, 'order'],
    ['the place of NULLs', { keys: ['"a" DESC NULLS LAST'] }, { keys: ['"a" DESC'] }, 'nulls order'],
    ['the predicate', { keys: ['"a"'], where: '"n" > 0' }, { keys: ['"a"'], where: '"n" > 1' }, 'predicate'],
    ['INCLUDE', { keys: ['"a"'], include: ['b'] }, { keys: ['"a"'] }, 'include'],
    ['the operator class', { keys: ['"a" text_pattern_ops'] }, { keys: ['"a"'] }, 'operator class'],
    ['the method', { keys: ['"a"'], method: 'hash' }, { keys: ['"a"'] }, 'method'],
    ['the expression', { keys: ['(lower("a"))'] }, { keys: ['(upper("a"))'] }, 'expression'],
    ['unique', { keys: ['"n"'], unique: true }, { keys: ['"n"'] }, 'unique'],
    [
      'NULLS NOT DISTINCT',
      { keys: ['"n"'], unique: true, nullsNotDistinct: true },
      { keys: ['"n"'], unique: true },
      'nulls not distinct',
    ],
    ['the fill factor', { keys: ['"a"'], storage: { fillfactor: 80 } }, { keys: ['"a"'] }, 'storage'],
  ])('sees a difference in %s, and names it', async (_, declared, actual, aspect) => {
    const [one, other] = await canonicalise(runner, [
      { ...declared, table: 'shapes', name: 'idx_one' },
      { ...actual, table: 'shapes', name: 'idx_one' },
    ]);
    if (one === undefined || 'refusal' in one || other === undefined || 'refusal' in other)
      throw new Error('refused');
    expect(compareIndexes(one.index, other.index).map((difference) => difference.aspect)).toEqual([aspect]);
  });

  it('reports what PostgreSQL refuses, goes on with the others and leaves nothing behind', async () => {
    const results = await canonicalise(runner, [
      { table: 'shapes', name: 'idx_broken', keys: ['(lower("missing"))'] },
      { table: 'shapes', name: 'idx_fine', keys: ['"a"'] },
    ]);
    expect(results.map((result) => 'refusal' in result)).toEqual([true, false]);
    expect(await readIndexes(runner, { name: 'idx_fine' })).toEqual([]);
    expect(await readIndexes(runner, { schema: 'pg_temp' })).toEqual([]);
  });

  it('knows an index that a constraint owns', async () => {
    const [index] = await readIndexes(runner, { name: 'shapes_unique' });
    expect(index).toMatchObject({ constraint: 'shapes_unique', unique: true, valid: true, ready: true });
  });

  describe('where a column has a collation of its own', () => {
    const differences = async (declared: string, existing: string) => {
      await runner.query(`create index idx_collated on collated (${existing})`);
      const [canonical] = await canonicalise(runner, [
        { table: 'collated', name: 'idx_collated', keys: [declared] },
      ]);
      const [actual] = await readIndexes(runner, { name: 'idx_collated' });
      if (canonical === undefined || 'refusal' in canonical || actual === undefined)
        throw new Error('not read');
      return compareIndexes(canonical.index, actual).map(({ actual: found }) => found);
    };

    beforeAll(() => runner.query('create table collated (c text collate "C", d text)'));
    afterEach(() => runner.query('drop index idx_collated'));

    it.each([
      ['"c"', 'c collate "default"', ['c COLLATE "default"']],
      ['"c" collate "default"', 'c', ['c']],
      ['"d"', 'd collate "C"', ['d COLLATE "C"']],
      ['"d" collate "C"', 'd', ['d']],
      ['(lower("c"))', 'lower(c) collate "default"', ['lower(c)']],
      ['(lower("d")) collate "C"', 'lower(d)', ['lower(d)']],
    ])('tells a declared %s from %s', async (declared, existing, found) => {
      expect(await differences(declared, existing)).toEqual(found);
    });

    it.each([
      ['"c"', 'c'],
      ['"c"', 'c collate "C"'],
      ['"c" collate "default"', 'c collate "default"'],
      ['"d"', 'd collate "default"'],
      ['"d" collate "C"', 'd collate "C"'],
      ['(lower("c"))', 'lower(c)'],
      ['(lower("c"))', 'lower(c) collate "C"'],
      ['(lower("d"))', 'lower(d) collate "default"'],
      ['(lower("d")) collate "C"', 'lower(d) collate "C"'],
    ])('takes a declared %s for %s', async (declared, existing) => {
      expect(await differences(declared, existing)).toEqual([]);
    });
  });

  it('blames the role, not the declaration, where no temporary table may be made', async () => {
    const [{ database }] = await runner.query('select current_database() as database');
    const role = `without_temporary_${database}`;
    await runner.query(`create role ${role}`);
    await runner.query(`revoke temporary on database ${database} from public`);
    await runner.query(`set role ${role}`);
    const compared = canonicalise(runner, [{ table: 'shapes', name: 'idx_fine', keys: ['"a"'] }]);
    try {
      await expect(compared).rejects.toMatchObject({
        code: 'HOLDFAST_TEMP_PRIVILEGE_MISSING',
        message: expect.stringContaining(`GRANT TEMPORARY ON DATABASE "${database}" TO "${role}"`),
      });
    } finally {
      await runner.query('reset role');
      await runner.query(`grant temporary on database ${database} to public`);
      await runner.query(`drop role ${role}`);
    }
  });
});
