/**
 * A statement that begins with this comment is planned for its values each time. In a query builder or in find options,
 * give it as the comment: `.comment(CUSTOM_PLAN)`, `find({ comment: CUSTOM_PLAN })`. In a text of your own, write it
 * between the signs of a comment, in front of everything else.
 *
 * For statements whose best plan depends on their values: after five executions PostgreSQL may settle for one plan for
 * all values, which uses no partial index on a parameter's column, and does not know a rare value from a frequent one.
 */
export const CUSTOM_PLAN = 'holdfast:custom-plan';

const MARK = new RegExp(`^\\s*/\\*\\s*${CUSTOM_PLAN}\\b`);

/** Whether a statement asks to be planned for its values. */
export function wantsCustomPlan(text: string): boolean {
  return MARK.test(text);
}
