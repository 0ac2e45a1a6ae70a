import type { NameOwner } from '../catalog/read-name-owners';
import type { IndexState } from './index-state';

/** A sentence that says to people what is wrong with an index, and what it means where that is not plain. */
export function describeIndexState(state: Exclude<IndexState, { kind: 'same' }>): string {
  switch (state.kind) {
    case 'missing':
      return state.lacks === undefined
        ? 'the index does not exist'
        : `the index does not exist, nor what it needs (${oneLine(state.lacks)})`;
    case 'renamed':
      return `the index exists under another name, ${state.existing.name}`;
    case 'different':
      return state.existing.table === state.definition.table
        ? `the index is another one: ${aspects(state)}`
        : `the index is one of table ${state.existing.table}: ${aspects(state)}`;
    case 'invalid':
      return `the index is invalid: no query uses it, every write pays for it${
        state.existing.unique ? ', and rows it takes for duplicates are rejected' : ''
      }${alsoDifferent(state)}`;
    case 'not-ready':
      return `the index is not ready: its build or its removal was cut off, and writes do not maintain it${alsoDifferent(state)}`;
    case 'building':
      return `session ${state.pid} is building or dropping indexes of the table, and this one is not valid yet`;
    case 'name-taken':
      return `the name belongs to ${describeOwner(state.owner)}; rename one of the two`;
    case 'refused':
      return `PostgreSQL refuses the declared index: ${oneLine(state.refusal.message)}`;
    case 'remains':
      return 'the index was left by a rebuild or a replacement that was cut off; every write may pay for it';
    case 'undeclared':
      return `no entity declares the index${state.existing.valid ? '' : ', and it is invalid'}`;
    default:
      return state satisfies never;
  }
}

function aspects({ differences }: { readonly differences: readonly { readonly aspect: string }[] }): string {
  return [...new Set(differences.map(({ aspect }) => aspect))].join(', ');
}

function alsoDifferent(state: Parameters<typeof aspects>[0]): string {
  return state.differences.length === 0 ? '' : `; it is another one as well: ${aspects(state)}`;
}

/** What has a name, as people call it. */
export function describeOwner({ kind, table, constraint, schema, name }: NameOwner): string {
  if (constraint !== null) return `constraint ${constraint} of ${table}`;
  if (kind === 'index') return `an index of ${table}`;
  return kind === 'other' ? `${schema}.${name}, which is no index` : `${kind} ${schema}.${name}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
