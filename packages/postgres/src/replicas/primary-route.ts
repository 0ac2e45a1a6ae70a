import type { PooledClient } from '../connection/pooled-client';
import type { Route } from '../connection/route';
import type { ClusterMember } from './cluster-member';
import { type MemberState, NoPrimaryError } from './no-primary-error';
import { NewestTimelines, readTimeline, type Timeline } from './timeline';

/** Who is told where the primary is not. */
export interface PrimaryRouteTerms {
  /** Every member that answers promptly was asked what it is, and `judge` was told of those that are primaries. */
  readonly survey: () => Promise<void>;
  /** Idle connections to this member are of no use. */
  readonly onStandby: (url: string) => void;
  /** This member has taken the place of the primary: what goes on elsewhere is lost, whatever it is told. */
  readonly onReplaced: (url: string) => void;
}

/**
 * Leads the connections of a pool to whichever member of a cluster is the primary. It stays with the member that last
 * was; when that turns out to be a standby, or cannot be reached, the next one is tried, in a circle. A former primary
 * that has come back and does not know that it was replaced is told by its timeline, and gets no connection.
 */
export class PrimaryRoute implements Route {
  readonly #members: readonly ClusterMember[];
  readonly #terms: PrimaryRouteTerms;
  readonly #states = new Map<string, MemberState>();
  readonly #timelines = new NewestTimelines();
  #survey: Promise<void> | undefined;
  #at = 0;
  #failures = 0;

  constructor(members: readonly ClusterMember[], terms: PrimaryRouteTerms) {
    this.#members = members;
    this.#terms = terms;
  }

  get hasUntried(): boolean {
    return this.#failures < this.#members.length;
  }

  nextUrl(): string {
    return this.#members[this.#at]?.url ?? '';
  }

  async admit(client: PooledClient): Promise<void> {
    const { targetUrl = '', identity } = client;
    if (identity?.isStandby === false) {
      // Before anybody writes to the first primary, it is known whether another one has taken its place.
      this.#survey ??= this.#terms.survey();
      await this.#survey;
      if (this.judge(targetUrl, await readTimeline(client))) {
        this.#failures = 0;
        return;
      }
    } else this.#leave(targetUrl, 'standby');
    this.#terms.onStandby(targetUrl);
    throw new NoPrimaryError(this.#describe());
  }

  /**
   * A member has said that it is a primary. Returns whether connections go to it from now on: away from another primary
   * only when its timeline is newer.
   */
  judge(url: string, timeline: Timeline | undefined): boolean {
    const age = timeline && this.#timelines.compare(timeline);
    if (age === 'over') {
      this.#leave(url, 'former-primary');
      return false;
    }
    if (timeline) this.#timelines.note(timeline);
    const hasPrimary = this.#states.get(this.nextUrl()) === 'primary';
    this.#states.set(url, 'primary');
    if (age === 'newer' || !hasPrimary) this.#moveTo(url);
    if (age === 'newer') this.#terms.onReplaced(url);
    return url === this.nextUrl();
  }

  failed(url: string): void {
    this.#leave(url, 'unreachable');
  }

  /** Says of an opening that failed what it means: that no member is a primary, once each was tried. */
  explain(error: Error): Error {
    const states = this.#members.map(({ url }) => this.#states.get(url) ?? 'unknown');
    if (error instanceof NoPrimaryError || states.includes('primary') || states.includes('unknown'))
      return error;
    return new NoPrimaryError(this.#describe(), error);
  }

  #moveTo(url: string): void {
    this.#at = this.#members.findIndex((member) => member.url === url);
    this.#failures = 0;
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
