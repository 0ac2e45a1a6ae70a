import type { CatalogIndex } from '../specification/index-definition';
import { compareKeys } from './compare-keys';
import type { IndexDifference } from './index-difference';

/** Every difference between what is declared and what the catalog holds, both as spelled by the same server. */
export function compareIndexes(declared: CatalogIndex, actual: CatalogIndex): IndexDifference[] {
  const compare = (aspect: IndexDifference['aspect'], read: (index: CatalogIndex) => string) => {
    const [one, other] = [read(declared), read(actual)];
    return one === other ? [] : [{ aspect, declared: one, actual: other }];
  };
  return [
    ...compare('table', (index) => index.table),
    ...compare('method', (index) => index.method),
    ...compare('unique', (index) => String(index.unique)),
    ...compare('nulls not distinct', (index) => String(index.nullsNotDistinct)),
    ...compareKeys(declared, actual),
    // The order of included columns changes nothing but the order of bytes in a tuple.
    ...compare('include', (index) => index.include.toSorted().join(', ') || 'none'),
    ...compare('predicate', (index) => index.where ?? 'none'),
    ...compare('storage', (index) => renderStorage(index) || 'none'),
  ];
}

/** The catalog keeps the spelling of these, which PostgreSQL reads in many: `on`, `yes`, `tru`, `1`. */
const BOOLEAN_PARAMETERS = new Set(['fastupdate', 'autosummarize', 'deduplicate_items']);

function renderStorage({ storage }: CatalogIndex): string {
  return Object.entries(storage)
    .map(([name, value]) => `${name}=${BOOLEAN_PARAMETERS.has(name) ? readBoolean(value) : value}`)
    .toSorted()
    .join(', ');
}

function readBoolean(value: string): boolean {
  const text = value.toLowerCase();
  return text === 'on' || text === '1' || 'true'.startsWith(text) || 'yes'.startsWith(text);
}
