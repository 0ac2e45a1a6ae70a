/**
 * An answer as plain data in which nothing is lost that layers must agree on: a date is no text, a number no text, null not
 * absent; but of which class an object is, and the order of its properties, are nobody's promise.
 */
export function createPlain(answer: unknown): unknown {
  if (answer instanceof Date) return { date: answer.toISOString() };
  if (typeof answer === 'bigint') return { bigint: String(answer) };
  if (Array.isArray(answer)) return answer.map(createPlain);
  if (typeof answer !== 'object' || answer === null) return answer;
  const properties = Object.entries(answer).map(([name, value]) => [name, createPlain(value)] as const);
  return Object.fromEntries(properties.sort(([one], [other]) => (one < other ? -1 : 1)));
}
