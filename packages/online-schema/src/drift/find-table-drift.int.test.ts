import 'reflect-metadata';
import {
  Check,
  Column,
  type DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  type Relation,
  Unique,
} from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { findDrift } from './find-drift';

@Entity({ name: 'lines', comment: 'of buses' })
class Line {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'lines_pkey' })
  id!: number;
  @Column({ type: 'varchar', length: 20 })
  title!: string;
  @Column({ type: 'enum', enum: ['red', 'blue'], enumName: 'line_color' })
  color!: string;
}

@Entity({ name: 'stops' })
@Unique('stops_line_position_key', ['lineId', 'position'])
@Check('stops_position_check', '"position" > 0')
class Stop {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'stops_pkey' })
  id!: number;
  @Column({ name: 'line_id', type: 'integer' })
  lineId!: number;
  @ManyToOne(() => Line, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'line_id', foreignKeyConstraintName: 'stops_line_id_fkey' })
  line?: Relation<Line>;
  @Column({ type: 'integer' })
  position!: number;
  @Column({ type: 'numeric', precision: 8, scale: 2, default: 0 })
  fare!: string;
}

describe('drift of tables', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeAll(async () => {
    scratch = await openScratch();
    dataSource = await scratch.open({ entities: [Line, Stop] });
  });

  beforeEach(async () => {
    await dataSource.synchronize(true);
  });

  afterAll(() => scratch.close());

  const look = async (...mutation: string[]) => {
    for (const statement of mutation) await dataSource.query(statement);
    return (await findDrift(dataSource)).findings;
  };
  const mend = async (statements: readonly string[]) => {
    for (const statement of statements) await dataSource.query(statement);
    return (await findDrift(dataSource)).findings;
  };

  it('is none where TypeORM has just made the tables', async () => {
    expect(await look()).toEqual([]);
  });

  it.each([
    ['a default', ['alter table stops alter fare set default 1'], 'fare', ['default']],
    ['a nullable column', ['alter table stops alter position drop not null'], 'position', ['nullable']],
    [
      'a missing check',
      ['alter table stops drop constraint stops_position_check'],
      'stops_position_check',
      ['check constraint'],
    ],
    [
      'a missing foreign key',
      ['alter table stops drop constraint stops_line_id_fkey'],
      'stops_line_id_fkey',
      ['foreign key'],
    ],
    [
      'a foreign key that does something else',
      [
        'alter table stops drop constraint stops_line_id_fkey',
        'alter table stops add constraint stops_line_id_fkey foreign key (line_id) references lines (id)',
      ],
      'stops_line_id_fkey',
      ['foreign key'],
    ],
    [
      'a check of the same name that says something else',
      [
        'alter table stops drop constraint stops_position_check',
        'alter table stops add constraint stops_position_check check (position > 5)',
      ],
      'stops_position_check',
      ['check constraint'],
    ],
    [
      'a unique constraint of the same name on other columns',
      [
        'alter table stops drop constraint stops_line_position_key',
        'alter table stops add constraint stops_line_position_key unique (position, fare)',
      ],
      'stops_line_position_key',
      ['unique constraint'],
    ],
    [
      'a constraint under another name',
      ['alter table stops rename constraint stops_position_check to by_hand'],
      'stops_position_check',
      ['name'],
    ],
    [
      'a missing unique constraint',
      ['alter table stops drop constraint stops_line_position_key'],
      'stops_line_position_key',
      ['unique constraint'],
    ],
    ['a column of another name', ['alter table lines rename title to label'], 'title', ['column name']],
    ['a column too many', ['alter table stops add more text'], 'more', ['column']],
    ['a comment', [`comment on table lines is 'of trams'`], 'lines', []],
  ])('reports %s once, and its mend leaves none', async (_, mutation, name, aspects) => {
    const findings = await look(...mutation);
    expect(findings.map((one) => [one.kind, one.name, one.differences.map(({ aspect }) => aspect)])).toEqual([
      ['table', name, aspects],
    ]);
    expect(await mend(findings.flatMap((finding) => finding.mend))).toEqual([]);
  });

  it('reports a column of another type once, for all that is dropped and made again around it, and leaves it to people', async () => {
    const findings = await look(
      'alter table stops drop constraint stops_line_id_fkey',
      'alter table lines alter id type bigint',
      'alter table stops add constraint stops_line_id_fkey foreign key (line_id) references lines (id) on delete cascade',
    );
    expect(findings).toMatchObject([
      {
        kind: 'table',
        table: 'lines',
        name: 'id',
        differences: [{ aspect: 'type', declared: 'integer', actual: 'bigint' }],
        reason: expect.stringContaining('TypeORM would drop the column with all that is in it'),
        mend: [],
      },
    ]);
  });

  it('reports a missing value of an enumerated type, with the values as both sides have them', async () => {
    const findings = await look(`alter type line_color rename value 'blue' to 'green'`);
    expect(findings).toMatchObject([
      {
        name: 'color',
        differences: [{ aspect: 'type', declared: `enum('red', 'blue')`, actual: `enum('red', 'green')` }],
      },
    ]);
  });

  it('reports two missing tables without their constraints, and their mends make them', async () => {
    const findings = await look('drop table stops', 'drop table lines');
    expect(findings.map(({ name }) => name)).toEqual(['lines', 'stops']);
    expect(await mend(findings.flatMap((finding) => finding.mend))).toEqual([]);
  });

  it('adds constraints unchecked and then validates them, and takes a unique index that was built concurrently', async () => {
    const findings = await look(
      'alter table stops drop constraint stops_position_check, drop constraint stops_line_id_fkey',
      'alter table stops drop constraint stops_line_position_key',
      'alter table stops alter position drop not null',
    );
    const statements = findings.flatMap((finding) => finding.mend).join('\n');
    expect(statements).toMatch(
      /ADD CONSTRAINT "stops_position_check" .* NOT VALID\nALTER TABLE "public"."stops" VALIDATE CONSTRAINT/,
    );
    expect(statements).toMatch(
      /ADD CONSTRAINT "stops_line_id_fkey" .* NOT VALID\nALTER TABLE "public"."stops" VALIDATE CONSTRAINT/,
    );
    expect(statements).toMatch(/CREATE UNIQUE INDEX CONCURRENTLY "stops_line_position_key"/);
    expect(statements).toMatch(
      /CHECK \("position" IS NOT NULL\) NOT VALID\n.*VALIDATE.*\n.*SET NOT NULL\n.*DROP CONSTRAINT/,
    );
  });
});
