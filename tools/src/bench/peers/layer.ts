/** A row that is inserted: an amount that was booked for a user. Its key and its status are the table's to give. */
export interface EntryRow {
  readonly userId: string;
  /** A bigint as text, as every layer that can hands it out. */
  readonly amount: string;
  readonly note: string;
  readonly createdAt: Date;
}

/** The operations by their names, and what each is given. */
export interface Inputs {
  /** A user by the primary key, a uuid. */
  readonly lookUpById: string;
  /** A user by `lower(email)`, which has a unique index. */
  readonly lookUpByEmail: string;
  /** The fifty events after a version, of one aggregate, each with a jsonb column. */
  readonly listEvents: { readonly aggregateId: string; readonly afterVersion: number };
  /** Forty memberships of an organization, each with its user as an object inside. */
  readonly listMembers: string;
  /** The first thousand users since a moment. */
  readonly listUsers: Date;
  /** Resolves with the row as it is in the table. */
  readonly insertEntry: EntryRow;
  /** A thousand rows; resolves with nothing. */
  readonly insertEntries: readonly EntryRow[];
  /** Resolves with nothing. */
  readonly updateUser: { readonly id: string; readonly loginCount: number };
  /** One transaction: locks the user, changes the balance, inserts the entry. Resolves with the new balance. */
  readonly book: EntryRow;
  /** Thirty-two users by their keys, all asked for in one turn of the event loop, as thirty-two calls. */
  readonly lookUpMany: readonly string[];
}

export type OperationName = keyof Inputs;

/** A way to the database: functions that take the same, and answer the same, whatever they are made of. */
export type Operations = {
  readonly [Name in OperationName]?: (input: Inputs[Name]) => Promise<unknown>;
};

/** An open data layer with a pool of its own. */
export interface Layer {
  /** Those it has a way of its own for; most have all. */
  readonly operations: Operations;
  /** Of what versions it is made: `kysely 0.28.19`. */
  readonly madeOf: readonly string[];
  /** An answer as plain data, for the comparison of answers alone; default: as it is. */
  readonly toPlain?: (answer: unknown) => unknown;
  close(): Promise<void>;
}

/** What a module of a layer exports as `openLayer`. */
export type OpenLayer = (options: {
  readonly url: string;
  readonly poolSize: number;
  /** Which of the ways of this module. */
  readonly variant: string;
}) => Promise<Layer>;
