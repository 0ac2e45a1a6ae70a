import type { EntityMetadata } from 'typeorm';
import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { compileHydrator } from './compile-hydrator';
import { hasMany, isMany, type JoinNode } from './join-tree';
import { PerAnswer } from './per-answer';
import { ALIAS, renderSource, renderTail, type SelectParts } from './select-parts';

type Fields = readonly (string | null)[];

/** A selection of an entity and of entities that are related to it, in one statement. */
export class JoinedSelect implements RowReader {
  /** Of which rows are read. */
  readonly entities: readonly EntityMetadata[];
  readonly #root: JoinNode;
  readonly #columns: string;
  readonly #joins: string;
  readonly #multiplies: boolean;
  readonly #readers: PerAnswer<ReadNode>;

  constructor(root: JoinNode) {
    this.#root = root;
    this.#multiplies = hasMany(root);
    this.#readers = new PerAnswer(1, (answer) => compileNode(root, answer, { next: 0 }));
    const nodes = listNodes(root);
    this.entities = nodes.map(({ shape }) => shape.metadata);
    this.#columns = nodes
      .flatMap(({ alias, shape }) =>
        shape.columns.map((column) => `${alias}.${quoteIdentifier(column.databaseName)}`),
      )
      .join(', ');
    this.#joins = nodes.map(({ join }) => join).join(' ');
  }

  /** An entity with several rows counts once: its range is taken before it is joined. */
  render(parts: SelectParts): string {
    const table = quoteTable(this.#root.shape.metadata);
    const { source, ...rest } = renderSource({ table, columns: '*' }, parts);
    const select = `SELECT ${this.#columns} FROM `;
    if (!this.#multiplies || rest.range === '') {
      return `${select}${source}${this.#joins}${renderTail(rest)}`;
    }
    const tail = renderTail({ where: '', order: rest.order, range: '' });
    return `${select}(SELECT * FROM ${source}${renderTail(rest)}) ${ALIAS}${this.#joins}${tail}`;
  }

  open(columns: readonly FieldDescription[]): ReadRow {
    const readNode = this.#readers.get(columns);
    const gathered: Gathered = new Map();
    return (fields) => {
      const known = gathered.size;
      const found = readNode(fields, gathered);
      return gathered.size === known ? undefined : found?.entity;
    };
  }
}

/** What was read of one parent: entities by their keys. */
type Gathered = Map<string, Found>;

interface Found {
  readonly entity: object;
  /** Of each relation, in the order of the children. */
  readonly related: readonly Related[];
}

interface Related {
  readonly gathered: Gathered;
  /** An entity was read that belongs to the relation. */
  add(entity: object): void;
}

/** Reads its entity of a row, or finds it among those of earlier rows; undefined where the row has none. */
type ReadNode = (fields: Fields, gathered: Gathered) => Found | undefined;

function compileNode(
  node: JoinNode,
  columns: readonly FieldDescription[],
  cursor: { next: number },
): ReadNode {
  const first = cursor.next;
  cursor.next += node.shape.columns.length;
  const hydrate = compileHydrator(node.shape, columns, (at) => first + at);
  const keys = node.shape.columns.flatMap(({ isPrimary }, at) => (isPrimary ? [first + at] : []));
  const children = node.children.map((child) => compileNode(child, columns, cursor));
  return (fields, gathered) => {
    const key = readKey(fields, keys);
    if (key === undefined) return undefined;
    let found = gathered.get(key);
    if (found === undefined) {
      const entity = hydrate(fields) as object;
      found = { entity, related: node.children.map((child) => relate(entity, child)) };
      gathered.set(key, found);
    }
    for (const [at, { gathered: own, add }] of found.related.entries()) {
      const known = own.size;
      const child = children[at]?.(fields, own);
      if (child !== undefined && own.size > known) add(child.entity);
    }
    return found;
  };
}

/** The property has what it has where nothing is related: null, or an empty list. */
function relate(entity: object, { relation }: JoinNode): Related {
  if (isMany(relation)) {
    const list: object[] = [];
    relation?.setEntityValue(entity, list);
    return { gathered: new Map(), add: (one) => list.push(one) };
  }
  relation?.setEntityValue(entity, null);
  return { gathered: new Map(), add: (one) => relation?.setEntityValue(entity, one) };
}

/** As the server wrote them; undefined where the row has no such entity. */
function readKey(fields: Fields, keys: readonly number[]): string | undefined {
  let key = '';
  let isThere = false;
  for (const at of keys) {
    const field = fields[at] ?? null;
    isThere ||= field !== null;
    key += field === null ? '-' : `${field.length}:${field}`;
  }
  return isThere ? key : undefined;
}

function listNodes(root: JoinNode): JoinNode[] {
  return [root, ...root.children.flatMap(listNodes)];
}
