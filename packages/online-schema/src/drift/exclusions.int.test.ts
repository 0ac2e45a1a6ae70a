import { EntitySchema } from 'typeorm';
import { roundTrip } from '../test/round-trip';
import { openScratch, type Scratch } from '../test/scratch';
import { findDrift } from './find-drift';

const booking = (expression: string, deferrable?: 'INITIALLY DEFERRED') =>
  new EntitySchema<object>({
    name: 'Booking',
    tableName: 'bookings',
    columns: {
      id: { type: 'integer', primary: true, primaryKeyConstraintName: 'bookings_pkey' },
      during: { type: 'int4range' },
      state: { type: 'text' },
    } as never,
    exclusions: [{ name: 'bookings_overlap', expression, ...(deferrable !== undefined && { deferrable }) }],
  });

const table = (exclusion: string) =>
  `create table bookings (
     id integer constraint bookings_pkey primary key, during int4range not null, state text not null,
     constraint bookings_overlap exclude ${exclusion}
   )`;

const WHOLE = 'USING gist ("during" WITH &&)';
const PARTIAL = `USING GIST (during WITH &&) WHERE (state <> 'gone')`;

describe('drift of an exclusion constraint', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
  });

  afterEach(() => scratch.close());

  const look = async (declared: EntitySchema<object>, exclusion: string) => {
    await scratch.dataSource.query('drop table if exists bookings');
    await scratch.dataSource.query(table(exclusion));
    const dataSource = await scratch.open({ entities: [declared] });
    return (await findDrift(dataSource)).findings;
  };

  it.each<[string, EntitySchema<object>, string]>([
    ['without a predicate', booking(WHOLE), 'using gist (during with &&)'],
    ['with one', booking(PARTIAL), `using gist (during with &&) where (state <> 'gone'::text)`],
    [
      'that waits for the commit',
      booking(WHOLE, 'INITIALLY DEFERRED'),
      'using gist (during with &&) deferrable initially deferred',
    ],
  ])('is none where the server spells both alike: %s', async (_, declared, exclusion) => {
    expect(await look(declared, exclusion)).toEqual([]);
  });

  it.each<[string, EntitySchema<object>, string]>([
    ['predicate', booking(PARTIAL), `using gist (during with &&) where (state <> 'lost')`],
    ['operator', booking(WHOLE), 'using gist (during with -|-)'],
    ['columns', booking(WHOLE), 'using gist (during with &&, int4range(id, id, $$[]$$) with &&)'],
    ['moment', booking(WHOLE, 'INITIALLY DEFERRED'), 'using gist (during with &&)'],
  ])(
    'is told where it has another %s under the declared name, and is left to people',
    async (_, declared, exclusion) => {
      const findings = await look(declared, exclusion);
      expect(findings).toMatchObject([
        {
          kind: 'table',
          name: 'bookings_overlap',
          mend: [],
          differences: [{ aspect: 'exclusion constraint' }],
        },
      ]);
      expect(findings[0]?.differences[0]?.declared).toMatch(/^EXCLUDE USING gist \(during WITH &&\)/);
      expect(findings[0]?.differences[0]?.actual).toMatch(/^EXCLUDE USING gist/);
      expect(findings[0]?.reason).toMatch(/^the exclusion constraint bookings_overlap is another one; /);
    },
  );

  it('is replaced in one statement by what holdfast generate writes, once allowed, and reverted', async () => {
    const { plan, again, before, after, reverted } = await roundTrip(
      scratch,
      table('using gist (during with -|-)'),
      [booking(PARTIAL)],
      { allow: ['add-exclusion'] },
    );
    expect(plan.steps.map(({ kind, statements }) => [kind, statements.length])).toEqual([
      ['add constraint', 1],
    ]);
    expect(again.steps).toEqual([]);
    expect(after).not.toEqual(before);
    expect(reverted).toEqual(before);
  });
});
