/** What a member of a cluster was when it was last asked. */
export type MemberState = 'primary' | 'standby' | 'unreachable' | 'unknown';

/** No member of the cluster takes writes at this moment, as during a failover. Nothing was sent to any. */
export class NoPrimaryError extends Error {
  override readonly name = 'NoPrimaryError';
  readonly code = 'NO_PRIMARY';

  constructor(
    /** By `host:port`. */
    readonly members: Readonly<Record<string, MemberState>>,
  ) {
    const list = Object.entries(members).map(([name, state]) => `${name} is ${DESCRIPTIONS[state]}`);
    super(`No member of the cluster takes writes: ${list.join(', ')}`);
  }
}

const DESCRIPTIONS: Readonly<Record<MemberState, string>> = Object.freeze({
  primary: 'the primary',
  standby: 'a standby',
  unreachable: 'unreachable',
  unknown: 'not tried yet',
});
