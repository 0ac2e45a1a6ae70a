/**
 * A check that the column holds one of the values. Text with a check instead of an enum type: a value is added
 * or removed by replacing a constraint, and no client has to know a type of ours.
 */
export function oneOf(column: string, values: readonly string[]): string {
  return `"${column}" in (${values.map((value) => `'${value}'`).join(', ')})`;
}

/** A check that every element of the array column is one of the values. */
export function everyOneOf(column: string, values: readonly string[]): string {
  return `"${column}" <@ array[${values.map((value) => `'${value}'`).join(', ')}]`;
}
