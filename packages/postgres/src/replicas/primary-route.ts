import type { PooledClient } from '../connection/pooled-client';
import type { Route } from '../connection/route';
import type { ClusterMember } from './cluster-member';
import { type MemberState, NoPrimaryError } from './no-primary-error';

/**
 * Leads the connections of a pool to whichever member of a cluster is the primary. It stays with the member that last
 * was; when that turns out to be a standby, or cannot be reached, the next one is tried, in a circle.
 */
export class PrimaryRoute implements Route {
  readonly #members: readonly ClusterMember[];
  readonly #states = new Map<string, MemberState>();
  readonly #onStandby: (url: string) => void;
  #at = 0;
  #failures = 0;

  /** @param onStandby told of a member that is no primary: connections to it are of no use. */
  constructor(members: readonly ClusterMember[], onStandby: (url: string) => void) {
    this.#members = members;
    this.#onStandby = onStandby;
  }

  get hasUntried(): boolean {
    return this.#failures < this.#members.length;
  }

  nextUrl(): string {
    return this.#members[this.#at]?.url ?? '';
  }

  admit({ targetUrl = '', identity }: PooledClient): void {
    if (identity?.isStandby === false) {
      this.#states.set(targetUrl, 'primary');
      this.#failures = 0;
      return;
    }
    this.#leave(targetUrl, 'standby');
    this.#onStandby(targetUrl);
    throw new NoPrimaryError(this.#describe());
  }

  failed(url: string): void {
    this.#leave(url, 'unreachable');
  }

  /** Of several connections that find out the same, the first goes on to the next member. */
  #leave(url: string, state: MemberState): void {
    this.#states.set(url, state);
    if (url !== this.nextUrl()) return;
    this.#failures += 1;
    this.#at = (this.#at + 1) % this.#members.length;
  }

  #describe(): Record<string, MemberState> {
    return Object.fromEntries(
      this.#members.map(({ url, name }) => [name, this.#states.get(url) ?? 'unknown'] as const),
    );
  }
}
