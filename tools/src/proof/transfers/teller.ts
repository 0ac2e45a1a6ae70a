import type { Transfer } from './transfer';

/** How a transfer ended, as its client was told. */
export type Ending =
  | { readonly kind: 'committed' }
  /** Not applied, whatever the reason. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Applied or not. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** A client that makes one transfer after the other, over connections of its own. */
export interface Teller extends AsyncDisposable {
  transfer(transfer: Transfer): Promise<Ending>;
  /** What happened on the way. */
  readonly course: TellerCourse;
}

export interface TellerCourse {
  /** Transactions begun. */
  readonly attempts: number;
  /** Transfers whose COMMIT lost its answer and whose outcome was found out even so, and by what. */
  readonly resolvedByWitness: number;
  readonly resolvedByToken: number;
  /** How often the hook of a transfer ran, by its id. */
  readonly hookRuns: ReadonlyMap<number, number>;
}

/** The reason of transfers that ask for more than there is. */
export const CHECK_VIOLATION = '23514';

/** Says in a word why a transfer failed: a code, where there is one. */
export function readReason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const { code, driverError, name } = error as { code?: unknown; driverError?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return driverError === undefined ? String(name) : readReason(driverError);
}
