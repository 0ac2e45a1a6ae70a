import { listExcessTraffic } from './excess-traffic';
import { LOOK_UP } from './look-ups';
import type { Traffic } from './traffic';
import { TRANSACTION } from './transactions';

const prepared = { B: 1, D: 1, E: 1, S: 1 };

const least: readonly Traffic[] = [
  { name: LOOK_UP.holdfastQuery, roundTrips: 1, sent: prepared, received: 4 },
  { name: LOOK_UP.holdfastFind, roundTrips: 1, sent: prepared, received: 4 },
  { name: TRANSACTION.holdfast, roundTrips: 3, sent: { ...prepared, Q: 1 }, received: 9 },
  { name: TRANSACTION.holdfastLedger, roundTrips: 3, sent: { ...prepared, Q: 1 }, received: 9 },
];

/** The least, but for one operation. */
const change = (name: string, changed: Partial<Traffic>): readonly Traffic[] =>
  least.map((one) => (one.name === name ? { ...one, ...changed } : one));

it('is nothing where every operation takes the round trips that it must, and whatever others do', () => {
  const other: Traffic = { name: LOOK_UP.typeormFind, roundTrips: 2, sent: { P: 2 }, received: 9 };
  expect(listExcessTraffic([...least, other])).toEqual([]);
});

it('is a further round trip, and also one less, which means that something was not counted', () => {
  expect(listExcessTraffic(change(TRANSACTION.holdfast, { roundTrips: 5 }))).toEqual([
    'Holdfast, unit of work takes 5 round trips instead of 3',
  ]);
  expect(listExcessTraffic(change(LOOK_UP.holdfastQuery, { roundTrips: 0 }))).toEqual([
    'Holdfast, dataSource.query takes 0 round trips instead of 1',
  ]);
});

it('is a statement that is parsed again', () => {
  expect(listExcessTraffic(change(LOOK_UP.holdfastFind, { sent: { ...prepared, P: 1 } }))).toEqual([
    'Holdfast, findOneBy has 1 statements parsed',
  ]);
});

it('is told of an operation that was not counted', () => {
  expect(listExcessTraffic(least.slice(1))).toEqual(['Holdfast, dataSource.query was not counted']);
});
