import { join } from 'node:path';

/** A data layer that takes part. */
export interface Contender {
  readonly name: string;
  /** The module that opens it, and which of its ways. */
  readonly module: string;
  readonly variant: string;
}

export const BASELINE = 'pg named';
export const CONTROL = 'pg named, again';
export const OURS = 'Holdfast';
/** What is there for many at once: a loader, and COPY. */
export const OURS_BULK = 'Holdfast, loader and COPY';

const here = (file: string): string => join(__dirname, 'layers', `${file}.js`);
/** Peers are built in a package of their own, with a lockfile of its own. */
export const PEERS_FOLDER = join(__dirname, '..', '..', '..', '..', 'benchmarks', 'peers');
const there = (file: string): string => join(PEERS_FOLDER, 'dist', `${file}.js`);

const list = (
  locate: (file: string) => string,
  rows: readonly (readonly [string, string, string])[],
): readonly Contender[] => rows.map(([name, file, variant]) => ({ name, module: locate(file), variant }));

/** Those that the packages of the root bring. */
export const AT_HAND: readonly Contender[] = list(here, [
  [BASELINE, 'pg', 'named'],
  [CONTROL, 'pg', 'named'],
  ['pg unnamed', 'pg', 'unnamed'],
  ['TypeORM repository', 'typeorm', 'repository'],
  ['TypeORM query()', 'typeorm', 'query'],
  [OURS, 'holdfast', 'repository'],
  [OURS_BULK, 'holdfast', 'bulk'],
]);

/** Those that are installed before they are measured. */
const INSTALLED: readonly Contender[] = list(there, [
  ['postgres.js', 'postgres-js', ''],
  ['Kysely', 'kysely', ''],
  ['Drizzle', 'drizzle', 'plain'],
  ['Drizzle prepared', 'drizzle', 'prepared'],
  ['Knex', 'knex', ''],
  ['Prisma', 'prisma', ''],
  ['MikroORM', 'mikro-orm', ''],
  ['Sequelize', 'sequelize', ''],
]);

/** All of them, in the order of the tables. */
export const LINE_UP: readonly Contender[] = [...AT_HAND, ...INSTALLED];
