import type { PoolStats, ReplicaStats } from '@holdfast/postgres';
import type { CircuitStateName } from '@holdfast/resilience';

/** Reasons for which a service that can serve does so less well than it could. */
export const STRAINS = [
  'circuit-open',
  'circuit-half-open',
  'replica-missing',
  'limit-shrunk',
  'pool-waiting',
] as const;
export type Strain = (typeof STRAINS)[number];

/** What strains are seen in. */
export interface StrainSources {
  readonly circuit: CircuitStateName;
  readonly replicas: readonly Pick<ReplicaStats, 'state'>[];
  readonly pool: Pick<PoolStats, 'waiting'>;
  readonly isLimitShrunk: boolean;
}

/** Names what strains the service now. A replica that has not been looked at yet is not missing. */
export function listStrains({ circuit, replicas, pool, isLimitShrunk }: StrainSources): readonly Strain[] {
  const strains: (Strain | false)[] = [
    (circuit === 'open' || circuit === 'isolated') && 'circuit-open',
    circuit === 'half-open' && 'circuit-half-open',
    replicas.some(({ state }) => state !== 'healthy' && state !== 'unknown') && 'replica-missing',
    isLimitShrunk && 'limit-shrunk',
    pool.waiting > 0 && 'pool-waiting',
  ];
  return strains.filter((strain) => strain !== false);
}
