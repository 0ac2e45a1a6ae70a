import { createHash } from 'node:crypto';
import { isWholeIdentifier } from '../specification/identifier';
import type { ColumnTarget } from './recipe-definitions';

/** The check that stands in for NOT NULL while it is validated: always the same name, so that a rerun finds it. */
export function notNullCheckName({ column }: Pick<ColumnTarget, 'column'>): string {
  const plain = `${column}_hf_not_null`;
  if (isWholeIdentifier(plain)) return plain;
  return `hf_${createHash('sha256').update(column).digest('hex').slice(0, 32)}_not_null`;
}
