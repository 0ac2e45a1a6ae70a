import { renderAllowance } from '../plan/allowance';
import type { Hazard } from '../plan/plan-step';

/** Nothing was written: a person has to decide first. The message says for each hazard what happens and the safe way. */
export class HazardRefusedError extends Error {
  override readonly name = 'HazardRefusedError';
  readonly code = 'HOLDFAST_HAZARD_REFUSED';

  constructor(
    /** In the order of the steps. */
    readonly hazards: readonly Hazard[],
  ) {
    super([renderRefusal(hazards), ...hazards.map((hazard) => `- ${renderReason(hazard)}`)].join('\n'));
  }
}

/** What they come to, in a line. */
export function renderRefusal(hazards: readonly Hazard[]): string {
  const { length } = hazards;
  const never = hazards.filter(({ verdict }) => verdict === 'never').length;
  const count = length === 1 ? 'a hazard' : `${length} hazards`;
  const kept =
    never === 0
      ? ''
      : never === length
        ? ', which cannot be allowed'
        : `, of which ${never} cannot be allowed`;
  return `nothing was written because of ${count}${kept}:`;
}

/** What happens, and the ways out of it, in a line. */
export function renderReason(hazard: Hazard): string {
  const { id, verdict, message, instead } = hazard;
  const way = verdict === 'allow' ? `allow it with --allow ${renderAllowance(hazard)}, or: ` : 'instead: ';
  return `${message} [${id}]; ${way}${instead}`;
}
