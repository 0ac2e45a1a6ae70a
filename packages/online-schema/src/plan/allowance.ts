import { InvalidOptionError } from '@holdfast/resilience';
import { ALLOWABLE, type AllowableHazard } from './hazard-id';
import type { Hazard } from './plan-step';

/** A hazard that is taken on: wherever it occurs, or for one target. */
export interface Allowance {
  readonly id: AllowableHazard;
  readonly target: string | undefined;
}

/**
 * What `drop-column` or `drop-column:notes.old` allows.
 *
 * @throws InvalidOptionError for an id that is none, or that cannot be allowed.
 */
export function readAllowance(text: string): Allowance {
  const [name = '', ...rest] = text.split(':');
  const id = ALLOWABLE.find((allowable) => allowable === name);
  if (id === undefined) throw new InvalidOptionError('allow', text, `one of ${ALLOWABLE.join(', ')}`);
  return { id, target: rest.length === 0 ? undefined : rest.join(':') };
}

/** As `readAllowance` takes it, for this hazard alone. */
export function renderAllowance({ id, target }: Hazard): string {
  return `${id}:${target}`;
}

export function isAllowed(hazard: Hazard, allowances: readonly Allowance[]): boolean {
  return allowances.some(
    ({ id, target }) => id === hazard.id && (target === undefined || target === hazard.target),
  );
}

/** @throws InvalidOptionError for a target that no hazard of the plan has: what was meant is still refused. */
export function requireTargets(allowances: readonly Allowance[], hazards: readonly Hazard[]): void {
  const there = hazards.filter(({ verdict }) => verdict === 'allow');
  for (const allowance of allowances) {
    if (allowance.target === undefined || there.some((hazard) => isAllowed(hazard, [allowance]))) continue;
    const alike = there.filter(({ id }) => id === allowance.id);
    const offered = [...new Set((alike.length > 0 ? alike : there).map(renderAllowance))];
    const allowed = offered.length > 0 ? offered.join(', ') : 'left out, since nothing has to be allowed';
    const value = `${allowance.id}:${allowance.target}`;
    throw new InvalidOptionError('allow', value, offered.length > 1 ? `one of ${allowed}` : allowed);
  }
}
