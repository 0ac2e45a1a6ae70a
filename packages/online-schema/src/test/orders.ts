import type { DataSource, QueryRunner } from 'typeorm';

const SCHEMA = [
  'drop table if exists orders, customers, moods',
  'drop type if exists mood',
  'create table customers (id integer primary key)',
  'create table orders (id integer primary key, customer_id integer, amount integer, code text)',
  `create type mood as enum ('calm', 'busy')`,
  `create table moods (id integer primary key, one mood not null default 'calm', many mood[] default '{calm,busy}')`,
  'insert into customers select generate_series(1, 20)',
  `insert into orders select n, 1 + n % 20, n, 'c' || n from generate_series(1, 200) as n`,
  `insert into moods values (1), (2)`,
];

/** Makes a small schema anew, with rows that break nothing, and runs these statements on it. */
export async function createOrders(dataSource: DataSource, more: readonly string[] = []): Promise<void> {
  for (const statement of [...SCHEMA, ...more]) await dataSource.query(statement);
}

/** Runs a recipe on a runner of its own. */
export async function runRecipe(
  dataSource: DataSource,
  recipe: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await recipe(runner);
  } finally {
    await runner.release();
  }
}
