import type { IndexChange } from '../generate/plan-index-changes';
import { temporaryName } from '../migration/temporary-name';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex, renderDropIndex, renderRenameIndex } from '../specification/render-index';
import { EMPTY, estimateBuild, INSTANT } from './estimate';
import { targetOf } from './hazards';
import { lockOn } from './locks';
import type { PlanContext } from './plan-context';
import type { Hazard, PlanStep } from './plan-step';
import { type PlannedChange, recipe } from './planned-change';

/** The steps of one index, and what a migration calls for it. */
export function planIndexChange(
  context: PlanContext,
  change: IndexChange,
  stage: 'drop indexes' | 'indexes',
): PlannedChange {
  switch (change.kind) {
    case 'create':
      return {
        stage,
        steps: [planBuild(context, change.definition)],
        up: [ensure(change.definition)],
        down: [drop(change.definition)],
      };
    case 'replace':
      return {
        stage,
        steps: planReplace(context, change.definition),
        up: [ensure(change.definition)],
        down: [ensure(change.previous)],
      };
    case 'drop':
      return {
        stage,
        steps: [{ ...planDropIndex(context, change.previous), hazards: hazardsOfDrop(change) }],
        up: [drop(change.previous)],
        down: [ensure(change.previous)],
      };
    case 'rename': {
      const { definition, previous } = change;
      return {
        stage,
        steps: [planRename(context, previous, definition.name)],
        up: [rename(previous, definition)],
        down: [rename(definition, previous)],
      };
    }
    default:
      return change satisfies never;
  }
}

export function planBuild(context: PlanContext, definition: IndexDefinition): PlanStep {
  const resolved = context.resolve(definition);
  const facts = context.factsOf(definition);
  return {
    kind: 'build index',
    object: resolved.name,
    statements: [renderCreateIndex(resolved, { concurrently: true })],
    locks: [lockOn(`${resolved.schema}.${resolved.table}`, 'ShareUpdateExclusiveLock', 'a build')],
    rewrites: false,
    scans: true,
    transaction: 'none',
    estimate: facts === undefined ? EMPTY : estimateBuild(facts, resolved),
    hazards: [],
  };
}

function planReplace(context: PlanContext, definition: IndexDefinition): PlanStep[] {
  const { schema, name } = context.resolve(definition);
  const [incoming, outgoing] = [temporaryName(name, 'new'), temporaryName(name, 'old')];
  return [
    planBuild(context, { ...definition, name: incoming }),
    {
      kind: 'swap index',
      object: name,
      statements: [renderRenameIndex(schema, name, outgoing), renderRenameIndex(schema, incoming, name)],
      locks: [
        lockOn(`${schema}.${name}`, 'ShareUpdateExclusiveLock'),
        lockOn(`${schema}.${incoming}`, 'ShareUpdateExclusiveLock'),
      ],
      rewrites: false,
      scans: false,
      transaction: 'own',
      estimate: INSTANT,
      hazards: [],
    },
    planDropIndex(context, { ...definition, name: outgoing }),
  ];
}

function planRename(context: PlanContext, previous: IndexDefinition, to: string): PlanStep {
  const { schema, name } = context.resolve(previous);
  return {
    kind: 'rename index',
    object: to,
    statements: [renderRenameIndex(schema, name, to)],
    locks: [lockOn(`${schema}.${name}`, 'ShareUpdateExclusiveLock')],
    rewrites: false,
    scans: false,
    transaction: 'own',
    estimate: INSTANT,
    hazards: [],
  };
}

function planDropIndex(context: PlanContext, definition: IndexDefinition): PlanStep {
  const { schema, table, name } = context.resolve(definition);
  return {
    kind: 'drop index',
    object: name,
    statements: [renderDropIndex({ schema, name })],
    locks: [lockOn(`${schema}.${table}`, 'ShareUpdateExclusiveLock')],
    rewrites: false,
    scans: false,
    transaction: 'none',
    estimate: {
      ...INSTANT,
      basis: 'waits for the transactions that may use the index, then takes an instant',
    },
    hazards: [],
  };
}

/** Whoever made an index that nobody declares may have queries that need it. */
export function hazardsOfDrop({ previous, isUndeclared }: Extract<IndexChange, { kind: 'drop' }>): Hazard[] {
  if (!isUndeclared) return [];
  const loss = previous.unique ? 'rows that it refused come in' : 'queries that use it read the whole table';
  return [
    {
      id: 'drop-index',
      target: targetOf(previous, previous.name),
      verdict: 'allow',
      message: `no entity declares index ${previous.name} of ${previous.table}: it goes, and ${loss}`,
      instead:
        'declare it with @Index; or, where somebody else looks after it, declare it with synchronize: false',
    },
  ];
}

function ensure(definition: IndexDefinition) {
  return recipe('ensureIndex', definition);
}

/** With what it is: another database may not have what somebody has made by hand on this one. */
function rename(previous: IndexDefinition, { schema, table, name: to, ...definition }: IndexDefinition) {
  return recipe('renameIndex', { schema, table, from: previous.name, to, definition });
}

function drop({ schema, table, name }: IndexDefinition) {
  return recipe('dropIndex', { schema, table, name });
}
