/** Wrappers nest a few levels; more than this is a cycle made of fresh objects. */
export const MAX_LINKS = 64;

/**
 * Lists an error and everything hidden behind it, outermost first, each once:
 * `cause` (the language), `driverError` (TypeORM) and `errors[]` (AggregateError).
 */
export function listErrorChain(error: unknown): readonly object[] {
  const found = new Set<object>();
  const pending: unknown[] = [error];
  while (pending.length > 0 && found.size < MAX_LINKS) {
    const link = pending.shift();
    if (typeof link !== 'object' || link === null || found.has(link)) continue;
    found.add(link);
    pending.push(readField(link, 'cause'), readField(link, 'driverError'));
    pending.push(...readErrors(link).slice(0, MAX_LINKS));
  }
  return [...found];
}

/** Reads one field of an error; a field that is missing or whose getter throws reads as undefined. */
export function readField(error: object, field: PropertyKey): unknown {
  try {
    return Reflect.get(error, field);
  } catch {
    return undefined;
  }
}

/** Reads what an AggregateError joins; empty when the error joins nothing, or it cannot be read. */
export function readErrors(error: object): readonly unknown[] {
  try {
    const errors: unknown = Reflect.get(error, 'errors');
    return Array.isArray(errors) ? [...errors] : [];
  } catch {
    return [];
  }
}

/** Reads the stable code nearest to the surface of an error, or undefined. */
export function readErrorCode(error: unknown): string | undefined {
  for (const link of listErrorChain(error)) {
    const code = readField(link, 'code');
    if (typeof code === 'string' && code !== '') return code;
  }
  return undefined;
}
