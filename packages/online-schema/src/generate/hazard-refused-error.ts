import { ALLOWABLE } from '../plan/hazard-id';
import type { Hazard } from '../plan/plan-step';

/** Nothing was written: a person has to decide first. The message says for each hazard what happens and the safe way. */
export class HazardRefusedError extends Error {
  override readonly name = 'HazardRefusedError';
  readonly code = 'HOLDFAST_HAZARD_REFUSED';

  constructor(
    /** In the order of the steps. */
    readonly hazards: readonly Hazard[],
  ) {
    const lines = hazards.map(({ id, verdict, message, instead }) => {
      const way = verdict === 'allow' ? `allow it with --allow ${id}, or: ` : 'instead: ';
      return `${message} [${id}]; ${way}${instead}`;
    });
    const allowable = hazards.some(({ verdict }) => verdict === 'allow')
      ? `. What can be allowed: ${ALLOWABLE.join(', ')}`
      : '';
    super(`${lines.join('. ')}${allowable}`);
  }
}
