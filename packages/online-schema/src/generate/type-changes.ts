import type { DataSource, Table, TableColumn } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { targetOf } from './name-tables';
import { planSequenceChanges } from './owned-sequences';
import { type Probe, probeTable, renderProbe } from './probe-table';
import type { Captured, SchemaRunner } from './schema-runner';
import type { OperationDetail } from './table-operation';

/** A change of a column's type in place, where TypeORM would drop the column and add an empty one. */
export async function planTypeChange(
  dataSource: DataSource,
  runner: SchemaRunner,
  table: Table,
  before: TableColumn,
  after: TableColumn,
): Promise<{ readonly detail: OperationDetail; readonly statements: Captured }> {
  const from = await typeOf(dataSource, runner, table, before);
  if (isEnum(after)) return refuse(from, after);
  const to = await typeOf(dataSource, runner, table, after);
  const column = quoteIdentifier(after.name);
  const target = targetOf(dataSource, table);
  const action = (type: string, using = '') => `ALTER COLUMN ${column} TYPE ${type}${using}`;
  const assumesUtc = isZoned(before) !== isZoned(after) && isPoint(before) && isPoint(after);

  /** The action from one type to the other: with a cast only where it must, since one that is asked for cuts long texts. */
  const choose = async (prepare: readonly string[], wanted: TableColumn, type: string) => {
    const plain = action(type);
    const cast = action(type, ` USING ${column}::${type}`);
    // What such a time means depends on the time zone of whoever runs it, and so must not be left to the server.
    if (assumesUtc) return { chosen: action(type, usingUtc(column, type, wanted)), probe: undefined };
    const probe = await probeTable(runner, target, prepare, plain);
    if (!('refusal' in probe)) return { chosen: plain, probe };
    const second = await probeTable(runner, target, prepare, cast);
    return 'refusal' in second ? { chosen: plain, probe } : { chosen: cast, probe: second };
  };
  const forth = await choose([], after, to);
  const probe = forth.probe ?? (await probeTable(runner, target, [], forth.chosen));
  const back = await choose([renderProbe(forth.chosen)], before, from);
  const sequences = await planSequenceChanges(runner, target, before, after);
  const query = (chosen: string) => [
    { query: `ALTER TABLE ${runner.escapePath(table)} ${chosen}`, parameters: [] },
  ];
  // As writers lock them: whoever has the table and wants a number would otherwise wait in a circle with what has the sequence.
  const lock =
    sequences.length === 0
      ? []
      : [{ query: `LOCK TABLE ${runner.escapePath(table)} IN ACCESS EXCLUSIVE MODE`, parameters: [] }];
  return {
    detail: {
      kind: 'set-type',
      column: after.name,
      from,
      to,
      assumesUtc,
      rewrites: 'refusal' in probe || probe.rewrites,
      scans: !('refusal' in probe) && probe.scans,
      revertIsSlow: !isSlow(probe) && back.probe !== undefined && isSlow(back.probe),
      refusal:
        'refusal' in probe ? probe.refusal : sequences.find(({ refusal }) => refusal !== undefined)?.refusal,
      sequences: sequences.map(({ sequence }) => sequence),
    },
    statements: {
      // What the server may refuse in an instant comes before what writes the table anew, in both directions.
      up: [...lock, ...sequences.flatMap(({ statements }) => statements.up), ...query(forth.chosen)],
      down: [...lock, ...sequences.flatMap(({ statements }) => statements.down), ...query(back.chosen)],
    },
  };
}

/** The type does not exist yet: TypeORM makes it with a column of it, which this one is not. */
function refuse(from: string, { name, enum: values = [] }: TableColumn) {
  return {
    detail: {
      kind: 'set-type',
      column: name,
      from,
      to: `an enum of ${values.map((value) => `"${value}"`).join(', ')}`,
      assumesUtc: false,
      rewrites: true,
      scans: false,
      revertIsSlow: false,
      refusal: 'its type would have to be made first',
      sequences: [],
    },
    statements: { up: [], down: [] },
  } as const;
}

function isSlow(probe: Probe): boolean {
  return 'refusal' in probe || probe.rewrites || probe.scans;
}

function isEnum({ type }: TableColumn): boolean {
  return type === 'enum' || type === 'simple-enum';
}

async function typeOf(
  dataSource: DataSource,
  runner: SchemaRunner,
  table: Table,
  column: TableColumn,
): Promise<string> {
  if (isEnum(column)) {
    const { schema, name } = await runner.getUserDefinedTypeName(table, column);
    return `${quoteQualified(schema, name)}${column.isArray ? '[]' : ''}`;
  }
  const type = (dataSource.driver as PostgresDriver).createFullType(column);
  return column.collation === undefined ? type : `${type} COLLATE ${quoteIdentifier(column.collation)}`;
}

function usingUtc(column: string, type: string, wanted: TableColumn): string {
  return isZoned(wanted)
    ? ` USING ${column}::timestamp AT TIME ZONE 'UTC'`
    : ` USING (${column} AT TIME ZONE 'UTC')::${type}`;
}

/** As TypeORM spells the types that name an instant, or would if they had a zone. */
const POINTS = ['timestamp without time zone', 'timestamp with time zone', 'date'];

function isPoint({ type, isArray }: TableColumn): boolean {
  return POINTS.includes(type) && !isArray;
}

function isZoned({ type }: TableColumn): boolean {
  return type === 'timestamp with time zone';
}
