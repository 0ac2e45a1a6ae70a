/**
 * What a member of a cluster was when it was last asked. `former-primary`: it takes writes, although another has taken
 * its place.
 */
export type MemberState = 'primary' | 'former-primary' | 'standby' | 'unreachable' | 'unknown';

/** No member of the cluster takes writes at this moment, as during a failover. Nothing was sent to any. */
export class NoPrimaryError extends Error {
  override readonly name = 'NoPrimaryError';
  readonly code = 'NO_PRIMARY';

  constructor(
    /** By `host:port`. */
    readonly members: Readonly<Record<string, MemberState>>,
    cause?: unknown,
  ) {
    const list = Object.entries(members).map(([name, state]) => `${name} is ${DESCRIPTIONS[state]}`);
    super(
      `No member of the cluster takes writes: ${list.join(', ')}`,
      cause === undefined ? undefined : { cause },
    );
  }
}

const DESCRIPTIONS: Readonly<Record<MemberState, string>> = Object.freeze({
  primary: 'the primary',
  'former-primary': 'a former primary, which another has replaced',
  standby: 'a standby',
  unreachable: 'unreachable',
  unknown: 'not tried yet',
});
