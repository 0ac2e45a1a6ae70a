import { EntitySchema } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { findDrift } from './find-drift';

const Seat = new EntitySchema({
  name: 'Seat',
  tableName: 'seats',
  columns: {
    id: { type: 'integer', primary: true, primaryKeyConstraintName: 'seats_pkey' },
    place: { type: 'integer' },
    wagon: { type: 'integer' },
  },
  indices: [{ name: 'idx_seats_place', columns: ['place', 'wagon'], unique: true }],
});

const SEATS = [
  'create table seats (id integer constraint seats_pkey primary key, place integer not null, wagon integer not null)',
  'create unique index idx_seats_place on seats (place)',
];
const DECLARED = 'create unique index idx_seats_place on seats (place, wagon)';

describe('an index on which more rests than queries', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const look = async (...statements: string[]) => {
    for (const statement of statements) await scratch.dataSource.query(statement);
    const dataSource = await scratch.open({ entities: [Seat] });
    return (await findDrift(dataSource)).findings;
  };

  it.each<[string, string[], string]>([
    [
      'another one than declared',
      [...SEATS, 'alter table seats replica identity using index idx_seats_place'],
      'different',
    ],
    [
      'undeclared',
      [
        SEATS[0] ?? '',
        DECLARED,
        'create unique index extra on seats (wagon)',
        'alter table seats replica identity using index extra',
      ],
      'undeclared',
    ],
    [
      'what a replacement left',
      [
        SEATS[0] ?? '',
        DECLARED,
        'create unique index idx_seats_place_hf_old on seats (place)',
        'alter table seats replica identity using index idx_seats_place_hf_old',
      ],
      'remains',
    ],
  ])('is left to people while it is the replica identity: %s', async (_, statements, kind) => {
    const findings = await look(...statements);
    expect(findings).toMatchObject([{ kind, mend: [] }]);
    expect(findings[0]?.reason).toContain(
      'it is the replica identity of seats, without which UPDATE and DELETE',
    );
    // The control: nothing else stands in the way of the mend.
    const [free] = await look('alter table seats replica identity default');
    expect(free).toMatchObject({ kind });
    expect(free?.mend.length).toBeGreaterThan(0);
    for (const statement of free?.mend ?? []) await scratch.dataSource.query(statement);
    expect(await look()).toEqual([]);
  });

  it('is left to people while a foreign key refers to it, with which PostgreSQL does not drop it', async () => {
    const findings = await look(...SEATS, 'create table tickets (place integer references seats (place))');
    expect(findings).toMatchObject([{ kind: 'different', mend: [] }]);
    expect(findings[0]?.reason).toMatch(/foreign key tickets_place_fkey of tickets refers to it/);
    await expect(scratch.dataSource.query('drop index idx_seats_place')).rejects.toThrow('depend on it');
  });

  it('gives the order that CLUSTER keeps to the one that takes its place', async () => {
    const findings = await look(...SEATS, 'alter table seats cluster on idx_seats_place');
    expect(findings[0]?.reason).toMatch(/CLUSTER sorts seats by it$/);
    for (const statement of findings[0]?.mend ?? []) await scratch.dataSource.query(statement);
    await expect(scratch.dataSource.query('cluster seats')).resolves.toBeDefined();
    expect(await look()).toEqual([]);
  });

  it('says that CLUSTER sorts by one that nobody declares', async () => {
    const findings = await look(
      SEATS[0] ?? '',
      DECLARED,
      'create index extra on seats (wagon)',
      'alter table seats cluster on extra',
    );
    expect(findings).toMatchObject([
      { kind: 'undeclared', reason: 'no entity declares the index; CLUSTER sorts seats by it' },
    ]);
  });

  it('is left to people where it is of a unique constraint that no entity declares', async () => {
    const findings = await look(
      SEATS[0] ?? '',
      DECLARED,
      'alter table seats add constraint extra unique (wagon)',
      'alter table seats replica identity using index extra',
    );
    expect(findings).toMatchObject([{ kind: 'table', name: 'extra', mend: [] }]);
    expect(findings[0]?.reason).toContain('it is the replica identity of seats');
    const [free] = await look('alter table seats replica identity default');
    expect(free?.mend.length).toBeGreaterThan(0);
  });
});
