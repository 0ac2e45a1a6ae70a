/**
 * A piece of SQL that names properties of an entity. The property names stay literal types, so that `@Index`
 * can check them against the entity, and become column names only when the entity's metadata is known.
 */
export class SqlFragment<out P extends string = string> {
  constructor(
    readonly texts: readonly string[],
    readonly properties: readonly P[],
  ) {}

  /** The SQL, with each property replaced by what `column` makes of it. */
  render(column: (property: string) => string): string {
    return this.texts.reduce((sql, text, at) => `${sql}${column(this.properties[at - 1] as string)}${text}`);
  }
}

/**
 * SQL for an index expression or predicate; every interpolation is the name of a property of the entity.
 *
 * @example sql`lower(${'email'})`
 * @example sql`${'status'} in ('active', 'pending')`
 */
export function sql<const P extends readonly string[]>(
  texts: TemplateStringsArray,
  ...properties: P
): SqlFragment<P[number]> {
  return new SqlFragment<P[number]>(texts, properties);
}
