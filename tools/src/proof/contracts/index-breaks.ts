import type { DataSource } from 'typeorm';

/** One way in which an index is not what its queries need. */
export interface IndexBreak {
  readonly index: string;
  /** In a few words. */
  readonly what: string;
  readonly statements: readonly string[];
  /** Built anew as it was: nothing may fail for that. */
  readonly isControl: boolean;
}

/** An index as the catalog has it. */
interface CatalogIndex {
  readonly name: string;
  readonly table: string;
  readonly method: string;
  /** Of the primary key or another constraint; it can only be as it is, or not be. */
  readonly constraint: string | null;
  readonly unique: boolean;
  readonly predicate: string | null;
  readonly include: string;
  readonly keys: readonly CatalogKey[];
}

interface CatalogKey {
  /** Column or expression. */
  readonly text: string;
  /** Collation, operator class, order and NULLS where they are not the usual ones. */
  readonly modifiers: string;
  /** Of an expression, the first column in it. */
  readonly column: string | null;
  readonly nullable: boolean;
}

/**
 * Every index of the schema, built anew as it was (a control), and in each wrong form that applies to it: gone, invalid, its first key last, NULLS at the other
 * end, another predicate, columns in place of expressions, not unique, a b-tree for a GIN.
 *
 * Not among them: another direction of a key. A b-tree is read both ways, and what is left of the difference in an index
 * with several directions is the tie-break of a page, which PostgreSQL sorts for the few rows of a tie at next to no cost.
 */
export async function listIndexBreaks(dataSource: DataSource): Promise<readonly IndexBreak[]> {
  const indexes: CatalogIndex[] = await dataSource.query(READ_INDEXES);
  return indexes.flatMap(breaksOf);
}

function breaksOf(index: CatalogIndex): IndexBreak[] {
  const { name, table, constraint } = index;
  const gone =
    constraint === null
      ? `drop index "${name}"`
      : `alter table "${table}" drop constraint "${constraint}" cascade`;
  const invalid = `update pg_index set indisvalid = false where indexrelid = '"${name}"'::regclass`;
  const broken = (what: string, ...statements: string[]): IndexBreak => ({
    index: name,
    what,
    statements,
    isControl: false,
  });
  const rebuilt: IndexBreak = {
    ...broken('as it was', `reindex index "${name}"`),
    isControl: true,
  };
  if (constraint !== null) return [rebuilt, broken('gone', gone), broken('invalid', invalid)];
  return [
    { ...rebuilt, statements: [gone, renderIndex(index)] },
    broken('gone', gone),
    broken('invalid', invalid),
    ...listWrongForms(index).map(([what, wrong]) => broken(what, gone, renderIndex({ ...index, ...wrong }))),
  ];
}

type WrongForm = readonly [what: string, wrong: Partial<CatalogIndex>];

function listWrongForms({ method, unique, predicate, keys }: CatalogIndex): WrongForm[] {
  const [first, ...others] = keys;
  if (first === undefined) return [];
  const wrong: WrongForm[] = [];
  const isBtree = method === 'btree';
  if (isBtree && others.length > 0)
    wrong.push(['the first key last', { keys: [...others, first], unique: false }]);
  const ends = keys.map((key) => ({ ...key, modifiers: turnNulls(key.modifiers) }));
  if (keys.some((key, at) => key.nullable && key.modifiers !== ends[at]?.modifiers)) {
    wrong.push(['NULLS at the other end', { keys: ends }]);
  }
  wrong.push([
    predicate === null ? 'a predicate' : 'the opposite predicate',
    { predicate: predicate === null ? `${first.text} is null` : `not (${predicate})` },
  ]);
  if (keys.some(({ column }) => column !== null)) {
    const bare = keys.map((key) => (key.column === null ? key : { ...key, text: `"${key.column}"` }));
    wrong.push(['columns for expressions', { keys: bare, unique: false }]);
  }
  if (unique) wrong.push(['not unique', { unique: false }]);
  if (!isBtree) wrong.push(['a b-tree', { method: 'btree', keys: [{ ...first, modifiers: '' }] }]);
  return wrong;
}

function turnNulls(modifiers: string): string {
  return modifiers.includes('NULLS LAST') ? modifiers.replace('NULLS LAST', 'NULLS FIRST') : modifiers;
}

function renderIndex({ name, table, method, unique, predicate, include, keys }: CatalogIndex): string {
  const columns = keys.map(({ text, modifiers }) => `${text} ${modifiers}`).join(', ');
  return `create ${unique ? 'unique ' : ''}index "${name}" on "${table}" using ${method} (${columns})${include === '' ? '' : ` include (${include})`}${predicate === null ? '' : ` where ${predicate}`}`;
}

const READ_INDEXES = `
  select class.relname as name,
         source.relname as "table",
         method.amname as method,
         owner.conname as constraint,
         index.indisunique as "unique",
         pg_get_expr(index.indpred, index.indrelid) as predicate,
         (
           select coalesce(string_agg(quote_ident(attname), ', ' order by place), '')
           from generate_series(index.indnkeyatts + 1, index.indnatts) as place
           join pg_attribute on attrelid = index.indrelid and attnum = index.indkey[place - 1]
         ) as include,
         (
           select json_agg(json_build_object(
             'text', pg_get_indexdef(class.oid, place, true),
             'modifiers', concat_ws(' ',
               case when collation_.oid <> key_type.typcollation then 'collate ' || quote_ident(collation_.collname) end,
               case when not operators.opcdefault then operators.opcname end,
               case when index.indoption[place - 1] & 1 = 1 then 'DESC' end,
               case when index.indoption[place - 1] & 1 = 1 and index.indoption[place - 1] & 2 = 0 then 'NULLS LAST' end
             ),
             'column', case when index.indkey[place - 1] = 0 then (
               select attname from pg_attribute
               where attrelid = index.indrelid and attnum > 0
                 and pg_get_indexdef(class.oid, place, true) ~ ('\\m' || attname || '\\M')
               order by attnum limit 1
             ) end,
             'nullable', index.indkey[place - 1] <> 0 and not exists (
               select from pg_attribute
               where attrelid = index.indrelid and attnum = index.indkey[place - 1] and attnotnull
             )
           ) order by place)
           from generate_series(1, index.indnkeyatts) as place
           join pg_attribute as key on key.attrelid = class.oid and key.attnum = place
           join pg_type as key_type on key_type.oid = key.atttypid
           join pg_opclass as operators on operators.oid = index.indclass[place - 1]
           left join pg_collation as collation_ on collation_.oid = index.indcollation[place - 1]
         ) as keys
  from pg_index as index
  join pg_class as class on class.oid = index.indexrelid
  join pg_class as source on source.oid = index.indrelid
  join pg_am as method on method.oid = class.relam
  left join pg_constraint as owner on owner.conindid = class.oid and owner.contype in ('p', 'u', 'x')
  where class.relnamespace = 'public'::regnamespace and source.relname <> 'migrations'
  order by source.relname, class.relname`;
