import type { NamedText } from '../statements/reserved-query';
import type { Prelude } from '../statements/shared-part';

/** The first release with `transaction_timeout`. */
const VERSION_17 = 170_000;

const LIMIT_WAITS: NamedText = {
  name: 'hf_group_limits',
  text: `SELECT set_config('lock_timeout', $1, true)`,
};
const LIMIT_WAITS_17: NamedText = {
  name: 'hf_group_limits_17',
  text: `SELECT set_config('lock_timeout', $1, true), set_config('transaction_timeout', '0', true)`,
};
const CHECK_AT_ONCE: NamedText = { name: 'hf_group_check', text: 'SET CONSTRAINTS ALL IMMEDIATE' };

/**
 * What makes of one transaction what each of its statements would have had by itself. A lock that one of them waits for must neither keep the others waiting, nor close a circle
 * with locks that they hold; none has to be done in the time of all of them; and triggers that are deferred run behind their own statement, while its settings hold.
 *
 * @param versionNumber Of the server, as in 170010.
 */
export function listGroupPrelude(versionNumber: number, lockTimeoutMs: number): readonly Prelude[] {
  const statement = versionNumber >= VERSION_17 ? LIMIT_WAITS_17 : LIMIT_WAITS;
  return [
    { statement, values: [`${lockTimeoutMs}ms`] },
    { statement: CHECK_AT_ONCE, values: [] },
  ];
}
