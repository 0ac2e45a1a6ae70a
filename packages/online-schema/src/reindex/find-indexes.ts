import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { DataSource, QueryRunner } from 'typeorm';
import { tellNotice } from '../migration/steps';
import { quoteQualified } from '../specification/identifier';
import { tablesOf } from '../specification/read-entity-indexes';
import { estimateIndexBloat, type IndexBloat } from './estimate-bloat';
import { type ReindexTarget, readTargets } from './read-targets';
import { ReindexError } from './reindex-error';

/** From when on an index counts as bloated: both must be reached. */
export interface BloatLimits {
  /** What would be given back, in bytes. Default 104857600 (100 MiB). */
  readonly minBytes: number;
  /** Which part of the index that is, 0 to 1. Default 0.5. */
  readonly minRatio: number;
}

// Below, minutes of reading and writing give back next to nothing.
const BLOAT_LIMITS: BloatLimits = Object.freeze({ minBytes: 100 * 1024 * 1024, minRatio: 0.5 });

/**
 * Fills in defaults and validates.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function readBloatLimits(options: Partial<BloatLimits>): BloatLimits {
  requireKnownOptions('bloated', options, Object.keys(BLOAT_LIMITS));
  const { minBytes, minRatio } = { ...BLOAT_LIMITS, ...options };
  return {
    minBytes: requireNumber('minBytes', minBytes, { min: 0, integer: true }),
    minRatio: requireNumber('minRatio', minRatio, { min: 0, max: 1 }),
  };
}

/** An index to rebuild, and what is known of its bloat; null where nobody asked. */
export interface FoundIndex extends ReindexTarget {
  readonly bloat: IndexBloat | null;
}

/** The indexes of these names, each once. */
export async function findNamed(runner: QueryRunner, names: readonly string[]): Promise<FoundIndex[]> {
  const found = new Map<string, FoundIndex>();
  for (const name of names) {
    for (const target of await readTargets(runner, name)) {
      found.set(`${target.schema}.${target.name}`, { ...target, bloat: null });
    }
  }
  return [...found.values()];
}

/**
 * The indexes of the entities' schemas and of the current one that waste this much, the largest waste first. Where
 * pgstattuple is installed, their pages tell it, otherwise the statistics. What cannot be told or done is a notice.
 */
export async function findBloated(
  dataSource: DataSource,
  runner: QueryRunner,
  { minBytes, minRatio }: BloatLimits,
): Promise<FoundIndex[]> {
  const schemas = await readSchemas(dataSource, runner);
  const found: FoundIndex[] = [];
  // One that is smaller than what it should give back need not be looked at.
  for (const bloat of await estimateIndexBloat(runner, { schemas, minBytes, measure: true })) {
    const name = `${bloat.schema}.${bloat.name}`;
    if (bloat.basis === 'unknown') {
      tellNotice(runner, name, `whether it is bloated is not known: ${bloat.reason}`);
    } else if (bloat.wastedBytes >= minBytes && bloat.wastedRatio >= minRatio) {
      const targets = await readTargets(runner, quoteQualified(bloat.schema, bloat.name)).catch(
        (error: unknown) => {
          if (!(error instanceof ReindexError)) throw error;
          tellNotice(runner, name, error.message);
          return [];
        },
      );
      found.push(...targets.map((target) => ({ ...target, bloat })));
    }
  }
  return found;
}

/** The schemas of the entities, and the current one. */
export async function readSchemas(dataSource: DataSource, runner: QueryRunner): Promise<string[]> {
  const rows: { name: string }[] = await runner.query(
    'select current_schema() as name where current_schema() is not null',
  );
  const named = tablesOf(dataSource).flatMap(({ schema }) => (schema === undefined ? [] : [schema]));
  return [...new Set([...named, ...rows.map(({ name }) => name)])];
}
