import { InvalidOptionError } from '@holdfast/resilience';
import type { StatementWriter } from './pg-internals';
import type { NamedText } from './reserved-query';

/**
 * Settings of the program's own, by name, which has two parts, as `app.tenant`. They hold for one transaction, and policies and
 * functions of the database read them with `current_setting`.
 */
export type LocalSettings = Readonly<Record<string, string>>;

/** A setting as it is sent: its name and its value. */
export type LocalSetting = readonly [name: string, value: string];

/**
 * Sets one for the transaction. Its value is a parameter: a value in the text could be read by everybody who shares the role,
 * in pg_stat_activity.
 */
export const SET_LOCAL: NamedText = {
  name: 'hf_set_local',
  text: 'SELECT set_config($1, $2, true)',
};

/** Names with a part before a dot are no settings of the server's. */
const NAME = /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/i;
export const NO_SETTINGS: readonly LocalSetting[] = Object.freeze([]);

/**
 * Reads the option `settings`.
 * @throws InvalidOptionError naming the setting, never its value, which may be a secret.
 */
export function readSettings(settings: LocalSettings | undefined): readonly LocalSetting[] {
  if (settings === undefined) return NO_SETTINGS;
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new InvalidOptionError('settings', typeof settings, 'an object of texts by name');
  }
  const entries = Object.entries(settings as Readonly<Record<string, unknown>>);
  for (const [name, value] of entries) {
    if (!NAME.test(name)) {
      throw new InvalidOptionError(
        'settings',
        name,
        'named by two identifiers with a dot between, as app.tenant',
      );
    }
    if (typeof value !== 'string' || value.includes('\0')) {
      throw new InvalidOptionError(`settings.${name}`, typeof value, 'a text without U+0000');
    }
  }
  return entries as readonly LocalSetting[];
}

/** Writes them in front of a statement: they are done with it under one Sync, and so in one transaction. */
export function writeSettings(connection: StatementWriter, settings: readonly LocalSetting[]): void {
  const isHeld = connection.parsedStatements[SET_LOCAL.name] === SET_LOCAL.text;
  if (!isHeld) connection.parse({ name: '', text: SET_LOCAL.text });
  for (const values of settings) {
    connection.bind({ statement: isHeld ? SET_LOCAL.name : '', values });
    connection.execute({ portal: '' });
  }
}
