import { isDeepStrictEqual } from 'node:util';
import { readIndexes } from '@holdfast/online-schema';
import { DataSource } from 'typeorm';

type CatalogIndex = Awaited<ReturnType<typeof readIndexes>>[number];

/** What a database is found to hold. */
export interface CatalogState {
  /** All of the schema `public`, those of constraints as well. */
  readonly indexes: readonly CatalogIndex[];
  /** Names in the ledger, in the order in which they were entered. */
  readonly ledger: readonly string[];
}

/** Reads the state of a database that nobody changes meanwhile. */
export async function readCatalogState(url: string): Promise<CatalogState> {
  const dataSource = await new DataSource({ type: 'postgres', url, poolSize: 1 }).initialize();
  try {
    const runner = dataSource.createQueryRunner();
    const indexes = await readIndexes(runner, { schema: 'public' });
    const rows: { name: string }[] = await runner.query('SELECT name FROM migrations ORDER BY id');
    await runner.release();
    return { indexes, ledger: rows.map(({ name }) => name) };
  } finally {
    await dataSource.destroy();
  }
}

/** Indexes that are not usable: half built, or half dropped. */
export function listUnusable({ indexes }: CatalogState): readonly string[] {
  return indexes.filter(({ valid, ready }) => !(valid && ready)).map(({ name }) => name);
}

/** In what a state is not the one wanted, a line each; none when it is exactly that. */
export function listDeviations(wanted: CatalogState, found: CatalogState): readonly string[] {
  const names = new Set([...wanted.indexes, ...found.indexes].map(({ name }) => name));
  const byName = ({ indexes }: CatalogState, name: string) => indexes.find((index) => index.name === name);
  const deviations = [...names].flatMap((name) => {
    const before = byName(wanted, name);
    const after = byName(found, name);
    if (before === undefined) return [`${name} is left over`];
    if (after === undefined) return [`${name} is missing`];
    if (!after.valid || !after.ready) return [`${name} is invalid`];
    return isDeepStrictEqual(before, after) ? [] : [`${name} is another one`];
  });
  if (!isDeepStrictEqual(wanted.ledger, found.ledger)) {
    deviations.push(`the ledger has ${found.ledger.join(', ') || 'nothing'}`);
  }
  return deviations;
}
