import type { CheckId } from '../doctor/check-id';
import { AcceptDeclarationError } from './accept-declaration-error';
import { problemOfAcceptance } from './acceptance';
import { addAcceptDeclaration } from './declarations';
import type { EntityIndexDecorator } from './index-decorator';

/** Which finding about the entity's table is accepted, and why. */
export interface AcceptOptions<P extends string = string> {
  /** Why it is right as it is: the report shows it beside the finding. Must not be empty. */
  readonly reason: string;
  /** For a finding about columns: the property, or all of them. Left out, the finding is about the table itself. */
  readonly property?: P | readonly P[];
  /** For a finding about an index that no `@Index` declares, such as that of a primary key, or about a constraint: its name. */
  readonly name?: string;
}

/**
 * Accepts what a check of the doctor finds about the entity's table, about columns of it, or about an index that a
 * constraint owns: the finding is listed apart, with the reason, and does not count. For an index that `@Index`
 * declares, say it there, in `accept`.
 *
 * What is accepted and no longer found is reported as stale.
 *
 * @throws AcceptDeclarationError for an unknown check and for an empty reason, when the class is loaded; for an
 * unknown property, when the doctor reads it.
 * @example
 * @Accept('foreign-key-without-index', { property: 'owner', reason: 'owners are never deleted' })
 */
export function Accept<const P extends string = never>(
  check: CheckId,
  options: AcceptOptions<P>,
): EntityIndexDecorator<P> {
  return (target: object) => {
    const entity = (target as { name: string }).name;
    const refuse = (problem: string): never => {
      throw new AcceptDeclarationError(entity, check, problem);
    };
    const { reason, property, name } = options ?? {};
    const problem = problemOfAcceptance(check, reason);
    if (problem !== undefined) refuse(problem);
    if (property !== undefined && name !== undefined) refuse('property and name exclude each other');
    const properties = property === undefined ? undefined : [property].flat();
    if (properties?.length === 0) refuse('an empty list of properties');
    addAcceptDeclaration(target, {
      check,
      reason: reason.trim(),
      ...(properties && { properties }),
      ...(name !== undefined && { index: name }),
    });
  };
}
