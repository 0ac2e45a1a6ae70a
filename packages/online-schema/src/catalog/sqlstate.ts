/** The SQLSTATE of an error that TypeORM or pg has thrown; undefined where the server did not answer. */
export function sqlStateOf(error: unknown): string | undefined {
  const { driverError, code } = (error ?? {}) as { driverError?: { code?: unknown }; code?: unknown };
  const state = driverError?.code ?? code;
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined;
}

/**
 * Whether the server has understood a definition and will not have it: syntax, names and types (42), values (22), what
 * it does not support (0A), limits (54). Everything else, privileges included, says nothing about the definition.
 */
export function isRefusal(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && state !== '42501' && /^(?:42|22|0A|54)/.test(state);
}
