import type { Pooler } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';

const poolers = new WeakMap<DataSource, Pooler>();

/** What the settings say of a pooler before the server of a DataSource is known of it. */
export function notePooler(dataSource: DataSource, pooler: Pooler): void {
  poolers.set(dataSource, pooler);
}

/** What the settings say of a pooler before the server; `auto` for a DataSource that was made otherwise. */
export function readPooler(dataSource: DataSource): Pooler {
  return poolers.get(dataSource) ?? 'auto';
}
