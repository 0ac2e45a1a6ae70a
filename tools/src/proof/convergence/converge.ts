import { startCommand } from '../command';
import { holdfastMigrate } from '../commands';
import { type CatalogState, listDeviations, listUnusable, readCatalogState } from './catalog-state';

/** What was left by a run that was ended, and what one more run made of it. */
export interface Recovery {
  /** Indexes that were there and not usable. */
  readonly unusable: readonly string[];
  /** Whether the whole migration was recorded before the end. */
  readonly wasDone: boolean;
  /** In what the result is not the declared catalog. */
  readonly deviations: readonly string[];
}

/** Looks at what is left in the database, runs `holdfast migrate` once, and compares. */
export async function converge(url: string, wanted: CatalogState): Promise<Recovery> {
  const left = await readCatalogState(url);
  const { code, err } = await startCommand(holdfastMigrate(), url).ended;
  const failure = code === 0 ? [] : [`the next run ended with ${code}: ${err.trim()}`];
  return {
    unusable: listUnusable(left),
    wasDone: left.ledger.length === wanted.ledger.length,
    deviations: [...failure, ...listDeviations(wanted, await readCatalogState(url))],
  };
}
