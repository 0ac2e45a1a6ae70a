import type { Hazard } from './plan-step';
import type { PlannedChange } from './planned-change';

/** A change that is told and not made. */
export function refuse(object: string, hazards: readonly Hazard[]): PlannedChange {
  return {
    stage: 'tables',
    steps: [
      {
        kind: 'refused',
        object,
        statements: [],
        locks: [],
        rewrites: false,
        scans: false,
        transaction: 'own',
        estimate: { bytes: null, durationMs: null, basis: 'nothing is done' },
        hazards,
      },
    ],
    up: [],
    down: [],
  };
}
