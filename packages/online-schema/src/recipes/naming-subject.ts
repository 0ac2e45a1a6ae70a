import { sqlStateOf } from '../catalog/sqlstate';
import { MigrationError } from '../migration/migration-error';

/**
 * SQLSTATE classes in which the server refuses what it was told: features, dependent objects, constraints, states of
 * objects, names and types. Their messages name objects, and leave values of rows to the detail.
 */
const REFUSALS = /^(?:0A|2B|23|42|55000)/;

/** Errors of values (22) and of triggers and functions (P0), whose messages may have a row's value in them. */
const TELLING = /^(?:22|P0)/;

/**
 * Runs the work; what the server has against its statements is told with the name of what they are about, which its
 * own message often lacks ("operator does not exist"). Cancelled statements, lost connections and locks that were
 * not had are left as they are.
 *
 * @param subject table and columns, or the type.
 * @param options `readsRows`: whether a statement of the work does, so that a message may have a value of theirs; default true.
 * @throws MigrationError HOLDFAST_RECIPE_REFUSED, with the server's error as its cause.
 */
export async function namingSubject<T>(
  subject: string,
  work: () => Promise<T>,
  { readsRows = true }: { readonly readsRows?: boolean } = {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const state = sqlStateOf(error);
    if (!(error instanceof Error) || error instanceof MigrationError || state === undefined) throw error;
    const isTelling = TELLING.test(state);
    if (!isTelling && !REFUSALS.test(state)) throw error;
    const reason = isTelling && readsRows ? 'the server refuses a value' : error.message;
    throw new MigrationError('HOLDFAST_RECIPE_REFUSED', `${subject}: ${reason} (SQLSTATE ${state})`, {
      cause: error,
    });
  }
}
