import { createHash } from 'node:crypto';
import type { Inputs, OperationName } from './layer';

/** How much the tables hold. */
export const TABLES = Object.freeze({ users: 10_000, organizations: 250, aggregates: 200, eventsEach: 100 });
export const FIRST_USER_AT = Date.UTC(2024, 0, 1);
const BULK_ROWS = 1_000;
const TICK_LOOK_UPS = 32;
const LISTED_USERS = 1_000;

/** An operation of the benchmark. */
export interface Operation {
  readonly name: OperationName;
  readonly number: number;
  readonly title: string;
  /** Whether it leaves anything behind. */
  readonly writes: boolean;
  /** How many rows an answer has, where it is a list. */
  readonly rows?: number;
  /** The input of the call with this number. Neighbours are about different rows, so that callers do not wait for each other's locks. */
  readonly createInput: (call: number) => Inputs[OperationName];
}

const spread = (call: number, of: number): number => (call * 7_919) % of;
const minute = (of: number): Date => new Date(FIRST_USER_AT + of * 60_000);

/** Must be what `makeId` of the tables says. */
function makeId(kind: string, number: number): string {
  const hex = createHash('md5').update(`${kind}-${number}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const userOf = (call: number): string => makeId('user', spread(call, TABLES.users));

function createEntry(call: number) {
  const amount = String((call % 1_000) + 1);
  return { userId: userOf(call), amount, note: `entry ${call}`, createdAt: minute(call) };
}

type Definition<Name extends OperationName> = Pick<Operation, 'title' | 'rows'> & {
  readonly writes?: true;
  readonly createInput: (call: number) => Inputs[Name];
};

const DEFINITIONS: { readonly [Name in OperationName]: Definition<Name> } = {
  lookUpById: { title: 'lookup by primary key', createInput: userOf },
  lookUpByEmail: {
    title: 'lookup by lower(email)',
    createInput: (call) => `USER${spread(call, TABLES.users)}@example.com`,
  },
  listEvents: {
    title: 'page of 50 events (jsonb)',
    rows: 50,
    createInput: (call) => ({
      aggregateId: makeId('aggregate', spread(call, TABLES.aggregates)),
      afterVersion: call % (TABLES.eventsEach / 2),
    }),
  },
  listMembers: {
    title: 'join, 40 nested objects',
    rows: TABLES.users / TABLES.organizations,
    createInput: (call) => makeId('organization', spread(call, TABLES.organizations)),
  },
  listUsers: {
    title: 'read 1,000 rows',
    rows: LISTED_USERS,
    createInput: (call) => minute(spread(call, TABLES.users - LISTED_USERS)),
  },
  insertEntry: { title: 'insert one, returning', writes: true, createInput: createEntry },
  insertEntries: {
    title: 'insert 1,000',
    writes: true,
    createInput: (call) => Array.from({ length: BULK_ROWS }, (_, row) => createEntry(call * BULK_ROWS + row)),
  },
  updateUser: {
    title: 'update one column',
    writes: true,
    createInput: (call) => ({ id: userOf(call), loginCount: call + 1 }),
  },
  book: { title: 'transaction: lock, update, insert', writes: true, createInput: createEntry },
  lookUpMany: {
    title: '32 lookups in one tick',
    rows: TICK_LOOK_UPS,
    createInput: (call) =>
      Array.from({ length: TICK_LOOK_UPS }, (_, at) => userOf(call * TICK_LOOK_UPS + at)),
  },
};

/** The ten, in their order. */
export const OPERATIONS: readonly Operation[] = Object.freeze(
  Object.entries(DEFINITIONS).map(([name, definition], at) => ({
    writes: false,
    ...definition,
    name: name as OperationName,
    number: at + 1,
  })),
);
