import { CONTRACTS, type ContractSample } from '@holdfast/db/contracts';
import type { PlanMode } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';

/** A question of the application, and the indexes that are said to answer it. */
export interface Pattern {
  readonly name: string;
  readonly indexes: readonly string[];
  readonly plans: readonly PlanMode[];
  /** What one of its statements may touch, and why that is more than its rows and a few pages of indexes. */
  readonly allowed?: { readonly buffers: number; readonly because: string };
  /** Why its cost may grow with the data. */
  readonly growth?: string;
  /** The application's own call. */
  run(manager: EntityManager): Promise<unknown>;
}

/** Every query contract of the application, with values of rows that are there. */
export function listPatterns(sample: ContractSample): readonly Pattern[] {
  return CONTRACTS.map(
    ({ name, index, plans = ['custom', 'generic'], maxBuffers, because = '', growth, run }) => ({
      name,
      indexes: [index].flat(),
      plans,
      ...(maxBuffers === undefined ? {} : { allowed: { buffers: maxBuffers, because } }),
      ...(growth === undefined ? {} : { growth }),
      run: (manager) => run(manager, sample),
    }),
  );
}
