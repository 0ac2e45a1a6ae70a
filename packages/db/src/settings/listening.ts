import type { Pooler } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import type { DatabaseSettings } from './database-settings';

type Listening = Pick<DatabaseSettings, 'pooler' | 'listenUrl'>;

const OF_OTHERS: Listening = Object.freeze({ pooler: 'auto' satisfies Pooler, listenUrl: undefined });

const known = new WeakMap<DataSource, Listening>();

/** What the settings say of where announcements are heard, which no DataSource has a place for. */
export function noteListening(dataSource: DataSource, { pooler, listenUrl }: Listening): void {
  known.set(dataSource, { pooler, listenUrl });
}

/** What was noted; for a DataSource that was made otherwise, that a pooler is to be found out. */
export function readListening(dataSource: DataSource): Listening {
  return known.get(dataSource) ?? OF_OTHERS;
}
