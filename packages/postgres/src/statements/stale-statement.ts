import { readErrorCode } from '@holdfast/resilience';

/**
 * Why the server refuses a statement for what it holds under its name, and not for what it says; undefined when it does not.
 *
 * - `schema`: the plan has other columns now (0A000 of one routine, "cached plan must not change result type").
 * - `session`: there is nothing of this name (26000, after DISCARD ALL or DEALLOCATE), or something already (42P05).
 */
export function readStaleness(error: unknown): 'schema' | 'session' | undefined {
  const code = readErrorCode(error);
  if (code === '26000' || code === '42P05') return 'session';
  const { routine } = error as { readonly routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery' ? 'schema' : undefined;
}
