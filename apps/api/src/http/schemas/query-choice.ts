import { z } from 'zod';

/** One way to ask: the parameters that belong together, an optional one marked by `?`, as in `limit?`. */
export type QueryChoice = readonly string[];

/**
 * A query that must be one of the choices: every parameter of it that is not optional, and none of another. A list that
 * silently ignored a filter would answer a question that was not asked.
 */
export function queryOf<Shape extends z.ZodRawShape>(shape: Shape, choices: readonly QueryChoice[]) {
  return z.strictObject(shape).superRefine((query, context) => {
    const given = Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name);
    if (choices.some((choice) => isChoice(choice, given))) return;
    context.addIssue({
      code: 'custom',
      message: `Invalid combination: allowed is one of ${choices.map(renderChoice).join('; ')}`,
    });
  });
}

/** The choices as a client writes them: `?status=[&limit=][&cursor=]`. */
export function renderChoice(choice: QueryChoice): string {
  const parameters = choice.map((name, at) => {
    const separator = at === 0 ? '?' : '&';
    return name.endsWith('?') ? `[${separator}${name.slice(0, -1)}=]` : `${separator}${name}=`;
  });
  return parameters.join('');
}

function isChoice(choice: QueryChoice, given: readonly string[]): boolean {
  const needed = choice.filter((name) => !name.endsWith('?'));
  const allowed = choice.map((name) => name.replace(/\?$/, ''));
  return needed.every((name) => given.includes(name)) && given.every((name) => allowed.includes(name));
}
