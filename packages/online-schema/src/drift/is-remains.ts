import { temporaryName } from '../migration/temporary-name';

// PostgreSQL adds a number where the name is taken, and cuts the index's name where the whole would be too long.
const OF_REINDEX = /_cc(?:new|old)\d*$/;
const OF_REPLACEMENT = /_hf_(?:new|old)$|^hf_[0-9a-f]{32}_(?:new|old)$/;

/**
 * Whether an index of that name was left by a REINDEX CONCURRENTLY or by a replacement of ours that was cut off; never
 * one that is declared itself.
 */
export function isRemains(name: string, declared: readonly string[]): boolean {
  if (declared.includes(name)) return false;
  if (OF_REINDEX.test(name) || OF_REPLACEMENT.test(name)) return true;
  return declared.some((one) => temporaryName(one, 'new') === name || temporaryName(one, 'old') === name);
}
