import { writeOperatorKey } from '@holdfast/api';
import { type Environment, readEnvironment } from '@holdfast/db';
import type { DataSource } from 'typeorm';
import { forgetDevelopmentKey, readDevelopmentKey, readServicePassword } from './local-secrets';
import type { Database } from './open-database';

/** As whom a local service asks its database; it may do what requests may, and nothing else. */
const LOGIN = 'holdfast_service';

/** What is made for trying the service out has no place where it is in use. */
const WITHOUT_KEY: ReadonlySet<Environment> = new Set<Environment>(['staging', 'production']);

/** How a service that was started here reaches its database, and how it is reached. */
export interface LocalAccess {
  /** The variables of the database, with those of the service's own role where it has one. */
  readonly variables: Database['variables'];
  /** Of an operator; undefined where none is made. */
  readonly developmentKey: string | undefined;
}

/**
 * On a server that is kept here the service has a role of its own, and what is about all organizations is done as the owner;
 * on another one both are as the variables say. Outside of staging and production there is a key to try the service with.
 */
export async function provideAccess(
  database: Database,
  directory: string,
  dataSource: DataSource,
): Promise<LocalAccess> {
  const { url, variables, isLocal } = database;
  const isInUse = WITHOUT_KEY.has(readEnvironment(variables));
  return {
    variables: isLocal
      ? {
          ...variables,
          DATABASE_URL: await provideLogin(url, directory, dataSource),
          OPERATIONS_DATABASE_URL: url,
        }
      : variables,
    developmentKey: isInUse
      ? undefined
      : await provideKey(directory, dataSource, variables.API_KEY_PEPPER ?? ''),
  };
}

/** The login is there, and its URL. */
async function provideLogin(url: string, directory: string, dataSource: DataSource): Promise<string> {
  const password = await readServicePassword(directory);
  await dataSource.query(`
    do $$
    begin
      create role ${LOGIN} login;
    exception when duplicate_object or unique_violation then null;
    end $$`);
  // Of letters, digits, - and _.
  await dataSource.query(`alter role ${LOGIN} login password '${password}'`);
  await dataSource.query(`grant holdfast_app to ${LOGIN}`);
  return Object.assign(new URL(url), { username: LOGIN, password }).href;
}

/** The same key as long as it can be used. */
async function provideKey(directory: string, dataSource: DataSource, pepper: string): Promise<string> {
  for (;;) {
    const text = await readDevelopmentKey(directory);
    const isUsable = await writeOperatorKey(dataSource.manager, pepper, { text, name: 'development' });
    if (isUsable) return text;
    await forgetDevelopmentKey(directory);
  }
}
