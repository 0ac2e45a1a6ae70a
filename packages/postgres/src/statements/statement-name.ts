import { wantsCustomPlan } from './custom-plan';
import { deriveName } from './seen-texts';

/** Longer texts are mostly written by a program for one use, and each would be kept by every connection. */
const MAX_TEXT_LENGTH = 16_384;

/** Literals of dates that would stay what they are when the statement is prepared. */
const PASSING_LITERAL = /['$]\s*(?:now|today|tomorrow|yesterday)\b/i;

/** Whether a statement may be prepared, as far as is told without reading it to the end. */
export function mayBeNamed(text: string, values: readonly unknown[] | undefined): boolean {
  return (
    Array.isArray(values) && values.length > 0 && text.length <= MAX_TEXT_LENGTH && !wantsCustomPlan(text)
  );
}

export function hasPassingLiteral(text: string): boolean {
  return PASSING_LITERAL.test(text);
}

/** The name under which connections hold a statement from its second use on; undefined where they never do. */
export function findStatementName(text: string, values: readonly unknown[]): string | undefined {
  return mayBeNamed(text, values) && !hasPassingLiteral(text) ? deriveName(text) : undefined;
}
