import type { NamedText } from '../statements/reserved-query';
import type { Block } from '../statements/shared-part';

/** The first release with `transaction_timeout`. */
const VERSION_17 = 170_000;

const BEGIN: NamedText = { name: 'hf_group_begin', text: 'BEGIN' };
const LIMIT_WAITS: NamedText = {
  name: 'hf_group_limits',
  text: `SELECT set_config('lock_timeout', $1, true)`,
};
const LIMIT_WAITS_17: NamedText = {
  name: 'hf_group_limits_17',
  text: `SELECT set_config('lock_timeout', $1, true), set_config('transaction_timeout', '0', true)`,
};
const CHECK_AT_ONCE: NamedText = { name: 'hf_group_check', text: 'SET CONSTRAINTS ALL IMMEDIATE' };
const COMMIT: NamedText = { name: 'hf_group_commit', text: 'COMMIT' };

/**
 * What makes of one transaction what each of its statements would have had by itself. A lock that one of them waits for must neither keep the others waiting, nor close a circle
 * with locks that they hold; none has to be done in the time of all of them; and triggers that are deferred run behind their own statement, while its settings hold. Without
 * BEGIN, the server would write a warning of SET CONSTRAINTS into its log each time.
 *
 * @param versionNumber Of the server, as in 170010.
 */
export function groupBlock(versionNumber: number, lockTimeoutMs: number): Block {
  const limits = versionNumber >= VERSION_17 ? LIMIT_WAITS_17 : LIMIT_WAITS;
  return {
    before: [
      { statement: BEGIN, values: [] },
      { statement: limits, values: [`${lockTimeoutMs}ms`] },
      { statement: CHECK_AT_ONCE, values: [] },
    ],
    after: [{ statement: COMMIT, values: [] }],
  };
}
