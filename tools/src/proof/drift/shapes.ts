import { desc, Index, type IndexKey, type IndexOptions, sql } from '@holdfast/online-schema';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An index as an entity declares it, and as somebody has built it by hand, in other words where there are any. */
interface ShapePair {
  readonly keys: readonly IndexKey[];
  readonly options?: IndexOptions;
  /** Behind `on shapes`. */
  readonly built: string;
}

const shape = (built: string, keys: readonly IndexKey[], options: IndexOptions = {}): ShapePair => ({
  built,
  keys,
  options,
});

/** As many kinds of index as PostgreSQL knows, none of which is a difference. */
const SHAPES: readonly ShapePair[] = [
  shape('(a)', ['a']),
  shape('(a, b)', ['a', 'b']),
  shape('(a asc nulls last, n)', ['a', { property: 'n', order: 'ASC', nulls: 'LAST' }]),
  shape('(a desc)', [desc('a')]),
  shape('(a desc nulls first)', [desc('a', { nulls: 'FIRST' })]),
  shape('(a desc nulls last)', [desc('a', { nulls: 'LAST' })]),
  shape('(a nulls first)', [{ property: 'a', nulls: 'FIRST' }]),
  shape('(a, b desc, n nulls first)', ['a', desc('b'), { property: 'n', nulls: 'FIRST' }]),
  shape('(lower(a))', [sql`lower(${'a'})`]),
  shape('(LOWER(shapes.a))', [sql`lower(${'a'})`]),
  shape('(lower(a) desc nulls last)', [{ expression: sql`lower(${'a'})`, order: 'DESC', nulls: 'LAST' }]),
  shape('((n + 1))', [sql`${'n'} + 1`]),
  shape('((n*2 - 1), id)', [sql`${'n'} * 2 - 1`, 'id']),
  shape(`((coalesce(a, '') || b))`, [sql`coalesce(${'a'}, '') || ${'b'}`]),
  shape('((n::text))', [sql`cast(${'n'} as text)`]),
  shape('((n::bigint))', [sql`${'n'}::int8`]),
  shape(`((j->>'kind'))`, [sql`${'j'} ->> 'kind'`]),
  shape(`((j #>> '{a,b}'))`, [sql`${'j'} #>> '{a,b}'::text[]`]),
  shape(`(((j->'n')::text::integer))`, [sql`((${'j'} -> 'n')::text)::int`]),
  shape(`((case when n > 0 then 'more' else 'none' end))`, [
    sql`case when ${'n'} > 0 then 'more' else 'none' end`,
  ]),
  shape(`((at at time zone 'UTC'))`, [sql`${'at'} at time zone 'UTC'`]),
  shape(`(date_trunc('day', at, 'UTC'))`, [sql`date_trunc('day', ${'at'}, 'UTC')`]),
  shape('(a text_pattern_ops)', [{ property: 'a', operatorClass: 'text_pattern_ops' }]),
  shape('(v varchar_pattern_ops, n)', [{ property: 'v', operatorClass: 'varchar_pattern_ops' }, 'n']),
  shape('(lower(a) text_pattern_ops desc)', [
    { expression: sql`lower(${'a'})`, operatorClass: 'text_pattern_ops', order: 'DESC' },
  ]),
  shape('(a collate "C")', [{ property: 'a', collation: 'C' }]),
  shape('(a collate "default")', ['a']),
  shape('(a collate "C" text_pattern_ops)', [
    { property: 'a', collation: 'C', operatorClass: 'text_pattern_ops' },
  ]),
  shape('(c)', ['c']),
  shape('(c collate "C", a)', ['c', 'a']),
  shape('(c collate "default")', [{ property: 'c', collation: 'default' }]),
  shape('(upper(c) collate "C")', [sql`upper(${'c'})`]),
  shape('(n)', ['n'], { unique: false }),
  shape('(b, n) include (a, id)', ['b', 'n'], { include: ['id', 'a'] }),
  shape('(b) include (a)', ['b'], { include: ['a'] }),
  shape('(n) where a is not null', ['n'], { where: sql`${'a'} is not null` }),
  shape(`(n) where b = any (array['x', 'y'])`, ['n'], { where: sql`${'b'} in ('x', 'y')` }),
  shape('(n) where not f', ['n'], { where: sql`not ${'f'}` }),
  shape('(n) where f is not true', ['n'], { where: sql`${'f'} is not true` }),
  shape('(id) where (n > 0) and (n < 10)', ['id'], { where: sql`${'n'} > 0 and ${'n'} < 10` }),
  shape('(id) where n >= 1 and n <= 9', ['id'], { where: sql`${'n'} between 1 and 9` }),
  shape(`(id) where b <> 'x'`, ['id'], { where: `b != 'x'::text` }),
  shape(`(id) where at > '2024-01-01T00:00:00Z'`, ['id'], { where: `at > '2024-01-01 01:00:00+01'` }),
  shape(`(id) where mood = 'happy'`, ['id'], { where: sql`${'mood'} = 'happy'` }),
  shape(`(mood) where mood != 'sad'::shape_mood`, ['mood'], { where: sql`${'mood'} <> 'sad'` }),
  shape('(a) with (fillfactor = 70)', ['a'], { storage: { fillfactor: 70 } }),
  shape('(a) with (deduplicate_items = off)', ['a'], { storage: { deduplicate_items: false } }),
  shape('(a) with (deduplicate_items = 0, fillfactor = 90)', ['a'], {
    storage: { fillfactor: 90, deduplicate_items: false },
  }),
  shape('using btree (b)', ['b'], { type: 'btree' }),
  shape('using hash (a)', ['a'], { type: 'hash' }),
  shape('using hash (lower(a))', [sql`lower(${'a'})`], { type: 'hash' }),
  shape('using gin (t)', ['t'], { type: 'gin' }),
  shape('using gin (t) with (fastupdate = off)', ['t'], { type: 'gin', storage: { fastupdate: false } }),
  shape('using gin (t) with (gin_pending_list_limit = 512)', ['t'], {
    type: 'gin',
    storage: { gin_pending_list_limit: 512 },
  }),
  shape('using gin (j)', ['j'], { type: 'gin' }),
  shape('using gin (j jsonb_path_ops)', [{ property: 'j', operatorClass: 'jsonb_path_ops' }], {
    type: 'gin',
  }),
  shape('using gin (a gin_trgm_ops)', [{ property: 'a', operatorClass: 'gin_trgm_ops' }], {
    type: 'gin',
    requires: ['pg_trgm'],
  }),
  shape(`using gin (to_tsvector('english', a))`, [sql`to_tsvector('english'::regconfig, ${'a'})`], {
    type: 'gin',
  }),
  shape(
    'using gist (a gist_trgm_ops (siglen = 32))',
    [{ property: 'a', operatorClass: 'gist_trgm_ops(siglen=32)' }],
    { type: 'gist' },
  ),
  shape('using gist (r) include (n)', ['r'], { type: 'gist', include: ['n'] }),
  shape('using gist (r) with (buffering = on, fillfactor = 60)', ['r'], {
    type: 'gist',
    storage: { fillfactor: 60, buffering: 'on' },
  }),
  shape('using spgist (a)', ['a'], { type: 'spgist' }),
  shape('using brin (at)', ['at'], { type: 'brin' }),
  shape('using brin (n, id) with (pages_per_range = 16, autosummarize = yes)', ['n', 'id'], {
    type: 'brin',
    storage: { autosummarize: true, pages_per_range: 16 },
  }),
  shape('using brin (n int4_minmax_multi_ops)', [{ property: 'n', operatorClass: 'int4_minmax_multi_ops' }], {
    type: 'brin',
  }),
  shape('(shape_fold(a))', [sql`shape_fold(${'a'})`]),
  shape('("Camel Case") include ("order")', ['camel'], { include: ['order'] }),
  shape('(("order" || \'"\'))', [sql`${'order'} || '"'`]),
];

/** Those that are unique: of an empty table, any could be. */
const UNIQUE_SHAPES: readonly ShapePair[] = [
  shape('(id, a)', ['id', 'a'], { unique: true }),
  shape('(lower(b))', [sql`lower(${'b'})`], { unique: true }),
  shape('(n, a) nulls not distinct', ['n', 'a'], { unique: true, nullsNotDistinct: true }),
  shape('(a) include (b) where f', ['a'], { unique: true, include: ['b'], where: sql`${'f'}` }),
];

const nameOf = (at: number) => `shape_${String(at + 1).padStart(2, '0')}`;
const ALL_SHAPES: readonly ShapePair[] = [...SHAPES, ...UNIQUE_SHAPES];

export const SHAPE_COUNT = ALL_SHAPES.length;

/** Makes the table and its indexes as somebody would by hand. */
export const CREATE_SHAPES: readonly string[] = [
  'create extension if not exists pg_trgm',
  `create type shape_mood as enum ('sad', 'happy')`,
  `create function shape_fold(text) returns text immutable language sql as 'select lower($1)'`,
  // Columns behind dropped ones have other numbers than those of a copy.
  'create table shapes (gone text, id integer not null, gone_too integer)',
  'alter table shapes drop column gone, drop column gone_too',
  `alter table shapes
     add a text, add b text, add v varchar, add c text collate "C", add n integer, add f boolean, add j jsonb,
     add t text[], add r int4range, add at timestamptz, add mood shape_mood, add "Camel Case" text, add "order" text,
     add constraint shapes_pkey primary key (id)`,
  ...ALL_SHAPES.map(
    ({ built, options }, at) =>
      `create ${options?.unique ? 'unique ' : ''}index ${nameOf(at)} on shapes ${built}`,
  ),
];

@Entity({ name: 'shapes' })
export class Shape {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'shapes_pkey' })
  id!: number;
  @Column({ type: 'text', nullable: true })
  a!: string | null;
  @Column({ type: 'text', nullable: true })
  b!: string | null;
  @Column({ type: 'varchar', nullable: true })
  v!: string | null;
  @Column({ type: 'text', nullable: true, collation: 'C' })
  c!: string | null;
  @Column({ type: 'integer', nullable: true })
  n!: number | null;
  @Column({ type: 'boolean', nullable: true })
  f!: boolean | null;
  @Column({ type: 'jsonb', nullable: true })
  j!: object | null;
  @Column({ type: 'text', array: true, nullable: true })
  t!: string[] | null;
  @Column({ type: 'int4range', nullable: true })
  r!: string | null;
  @Column({ type: 'timestamptz', nullable: true })
  at!: Date | null;
  @Column({ type: 'enum', enum: ['sad', 'happy'], enumName: 'shape_mood', nullable: true })
  mood!: string | null;
  @Column({ type: 'text', name: 'Camel Case', nullable: true })
  camel!: string | null;
  @Column({ type: 'text', name: 'order', nullable: true })
  order!: string | null;
}

// Built from pairs, so the compiler cannot check the properties; the declarations are checked when they are read.
for (const [at, { keys, options }] of ALL_SHAPES.entries()) {
  (Index(nameOf(at), keys as string[], options) as (target: unknown) => void)(Shape);
}
