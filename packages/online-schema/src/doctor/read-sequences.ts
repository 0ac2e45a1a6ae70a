import type { QueryRunner } from 'typeorm';

/** A column that takes its values from a sequence: an identity, or by its default. */
export interface FedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: 'smallint' | 'integer' | 'bigint' | 'other';
}

export interface Sequence {
  readonly schema: string;
  readonly name: string;
  readonly type: 'smallint' | 'integer' | 'bigint';
  /** Null where no value was taken yet, or this role may not know. */
  readonly lastValue: number | null;
  readonly readable: boolean;
  readonly minValue: number;
  readonly maxValue: number;
  readonly increment: number;
  readonly cycles: boolean;
  readonly columns: readonly FedColumn[];
}

/** The largest value of each type; the smallest is as far below zero. */
export const LARGEST_VALUE = Object.freeze({
  smallint: 2 ** 15 - 1,
  integer: 2 ** 31 - 1,
  bigint: 2 ** 63 - 1,
});

/** All sequences of the database, with what they feed; partitions are left out, which have the columns of their parent. */
export async function readSequences(runner: QueryRunner): Promise<Sequence[]> {
  return runner.query(READ_SEQUENCES);
}

/** Whether the type of the column ends before the sequence does, or where it does. */
export function endsFirst({ type }: FedColumn, { increment, minValue, maxValue }: Sequence): boolean {
  if (type === 'other') return false;
  return increment > 0 ? LARGEST_VALUE[type] <= maxValue : -LARGEST_VALUE[type] - 1 >= minValue;
}

/** The sentence for sequences that this role may not read. */
export function explainUnreadable(
  names: readonly string[],
  render: (names: readonly string[]) => string,
): string[] {
  if (names.length === 0) return [];
  return [
    `How far ${render(names)} ${names.length === 1 ? 'has' : 'have'} come takes SELECT or USAGE on the sequence.`,
  ];
}

// As double precision: bigint would come as text, and the last digits of a large number make no difference here.
const READ_SEQUENCES = `
  with feeding as (
    select objid as sequence, refobjid as relation, refobjsubid as number
    from pg_depend
    where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype = 'i' and refobjsubid > 0
    union
    select dependency.refobjid, value.adrelid, value.adnum
    from pg_attrdef value
    join pg_depend dependency
      on dependency.classid = 'pg_attrdef'::regclass and dependency.objid = value.oid
        and dependency.refclassid = 'pg_class'::regclass and dependency.refobjsubid = 0
  )
  select sequence.schemaname as schema, sequence.sequencename as name, format_type(parameters.seqtypid, null) as type,
         sequence.last_value::float8 as "lastValue",
         has_sequence_privilege(class.oid, 'select, usage') as readable,
         sequence.min_value::float8 as "minValue", sequence.max_value::float8 as "maxValue",
         sequence.increment_by::float8 as increment, sequence.cycle as cycles,
         (
           select coalesce(
             json_agg(
               json_build_object(
                 'schema', place.nspname, 'table', fed.relname, 'column', attribute.attname,
                 'type', case attribute.atttypid
                   when 'int2'::regtype then 'smallint'
                   when 'int4'::regtype then 'integer'
                   when 'int8'::regtype then 'bigint'
                   else 'other'
                 end
               )
               order by place.nspname, fed.relname, attribute.attname
             ),
             '[]'
           )
           from feeding
           join pg_class fed on fed.oid = feeding.relation and not fed.relispartition
           join pg_namespace place on place.oid = fed.relnamespace
           join pg_attribute attribute on attribute.attrelid = fed.oid and attribute.attnum = feeding.number
           where feeding.sequence = class.oid
         ) as columns
  from pg_sequences sequence
  join pg_namespace space on space.nspname = sequence.schemaname
  join pg_class class on class.relnamespace = space.oid and class.relname = sequence.sequencename
  join pg_sequence parameters on parameters.seqrelid = class.oid
  order by sequence.schemaname, sequence.sequencename`;
