import type { Canonical } from '../catalog/canonicalise';
import { compareIndexes } from '../catalog/compare-indexes';
import type { IndexDifference } from '../catalog/index-difference';
import type { NameOwner } from '../catalog/read-name-owners';
import { sqlStateOf } from '../catalog/sqlstate';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import type { IndexState, IndexStateOf } from './index-state';
import { isRemains } from './is-remains';
import type { EntityTable } from './read-entity-tables';

/** An index that an entity declares, and what the server says to it. */
export interface DeclaredIndex {
  readonly definition: IndexDefinition;
  readonly table: EntityTable;
  /** Undefined where there is no table to build it on. */
  readonly canonical: Canonical | undefined;
  /** Extensions that it requires and the database does not have. */
  readonly lacksExtensions: readonly string[];
}

/** What has been read about the indexes of the entities' tables. */
export interface IndexFacts {
  readonly declared: readonly DeclaredIndex[];
  /** Indexes of the tables, and to which of them each belongs. */
  readonly actual: readonly { readonly table: EntityTable; readonly existing: CatalogIndex }[];
  /** Who has the names of declared indexes that are not among `actual`. */
  readonly owners: readonly NameOwner[];
  /** Names that somebody else looks after. */
  readonly foreign: ReadonlySet<string>;
  /** Sessions that build or drop an index, by the oid of the table. */
  readonly builders: ReadonlyMap<number, number>;
}

/** How every index of the entities' tables stands: those declared in their order, then the others. Pure. */
export function classifyIndexes(facts: IndexFacts): IndexState[] {
  const matched = facts.declared.map((declared) => classifyDeclared(declared, facts));
  const known = new Set(matched.flatMap((state) => ('existing' in state ? [state.existing] : [])));
  const others = facts.actual.filter(
    ({ existing }) =>
      !known.has(existing) &&
      existing.constraint === null &&
      !existing.attached &&
      !isForeign(existing, facts.foreign),
  );
  const names = facts.declared.map(({ definition }) => definition.name);
  return pairRenamed(
    matched,
    others.map((one) => classifyOther(one, names, facts)),
    facts,
  );
}

function classifyDeclared(declared: DeclaredIndex, facts: IndexFacts): IndexState {
  const { definition, table, canonical } = declared;
  const schema = table.found?.schema;
  const found = facts.actual.find(
    (one) => one.existing.name === definition.name && one.existing.schema === schema,
  );
  const owner = ownerOf(declared, found?.existing, facts.owners);
  if (owner !== undefined) return { kind: 'name-taken', table, definition, owner };
  const existing = found?.existing;
  if (canonical !== undefined && 'refusal' in canonical) {
    return classifyRefused(declared, canonical.refusal, existing);
  }
  if (existing === undefined) return { kind: 'missing', table, definition, lacks: undefined };
  const differences = canonical === undefined ? [] : compareIndexes(canonical.index, existing);
  return classifyFound({ table, definition, existing, differences }, facts);
}

function classifyFound(
  declared: Omit<IndexStateOf<'different'>, 'kind'>,
  { builders }: IndexFacts,
): IndexState {
  const { table, existing, differences } = declared;
  if (existing.valid && existing.ready) {
    if (differences.length === 0) return { kind: 'same', table, definition: declared.definition, existing };
    return { kind: 'different', ...declared };
  }
  const pid = builders.get(table.found?.oid ?? 0);
  if (pid !== undefined) return { kind: 'building', table, definition: declared.definition, existing, pid };
  return { kind: existing.ready ? 'invalid' : 'not-ready', ...declared };
}

/** A refusal may be for something that the entities declare and the database does not have yet. */
function classifyRefused(
  { definition, table, lacksExtensions }: DeclaredIndex,
  refusal: Error,
  existing: CatalogIndex | undefined,
): IndexState {
  const lacks = isStillToCome(sqlStateOf(refusal), table)
    ? refusal.message
    : lacksExtensions.length > 0
      ? `extension ${lacksExtensions.join(', ')}`
      : undefined;
  if (lacks === undefined) return { kind: 'refused', table, definition, existing, refusal };
  if (existing === undefined) return { kind: 'missing', table, definition, lacks };
  // It is another one for sure; how the server would spell the declared one cannot be known yet.
  const difference: IndexDifference = {
    aspect: 'columns',
    declared: definition.keys.join(', '),
    actual: existing.keys.join(', '),
  };
  return { kind: 'different', table, definition, existing, differences: [difference] };
}

/** Of a column, or of the type that comes with it. */
const UNDEFINED = ['42703', '42704'];
const INVALID_ENUM_VALUE = '22P02';

function isStillToCome(state: string | undefined, { found }: EntityTable): boolean {
  if (found === undefined) return true;
  if (state === undefined) return false;
  return UNDEFINED.includes(state)
    ? found.lacksColumns.length > 0
    : state === INVALID_ENUM_VALUE && found.hasEnum;
}

/** Who has the name, unless it is an index that can be replaced. */
function ownerOf(
  { definition, table }: DeclaredIndex,
  existing: CatalogIndex | undefined,
  owners: readonly NameOwner[],
): NameOwner | undefined {
  if (existing === undefined) {
    return owners.find(({ schema, name }) => name === definition.name && schema === table.found?.schema);
  }
  if (existing.constraint === null) return undefined;
  const { schema, name, constraint } = existing;
  return { schema, name, kind: 'index', table: `${schema}.${existing.table}`, constraint };
}

function classifyOther(
  { table, existing }: IndexFacts['actual'][number],
  names: readonly string[],
  { builders }: IndexFacts,
): IndexState {
  const pid = existing.valid ? undefined : builders.get(table.found?.oid ?? 0);
  if (pid !== undefined) return { kind: 'building', table, definition: undefined, existing, pid };
  return { kind: isRemains(existing.name, names) ? 'remains' : 'undeclared', table, existing };
}

function isForeign({ name }: CatalogIndex, foreign: ReadonlySet<string>): boolean {
  return foreign.has(name) || [...foreign].some((one) => isRemains(name, [one]) && name.startsWith(one));
}

/** Takes an undeclared index and a missing one for one index if they are the same but for the name. */
function pairRenamed(matched: IndexState[], others: IndexState[], { declared }: IndexFacts): IndexState[] {
  const taken = new Set<IndexState>();
  const result = matched.map((state, at): IndexState => {
    const canonical = declared[at]?.canonical;
    if (state.kind !== 'missing' || canonical === undefined || 'refusal' in canonical) return state;
    const { table, definition } = state;
    const other = others.find(
      (one): one is IndexStateOf<'undeclared'> =>
        one.kind === 'undeclared' &&
        !taken.has(one) &&
        one.table === table &&
        one.existing.valid &&
        one.existing.ready &&
        compareIndexes(canonical.index, one.existing).length === 0,
    );
    if (other === undefined) return state;
    taken.add(other);
    return { kind: 'renamed', table, definition, existing: other.existing };
  });
  return [...result, ...others.filter((state) => !taken.has(state))];
}
