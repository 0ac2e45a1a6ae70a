import { createRandom, type Random } from '../proof/random';
import type { DataSetting } from './data-setting';
import { createIdSeed, drawAt, renderId } from './ids';
import { MODEL } from './model';
import { createMoments, type Moments } from './moments';
import { createSampler, listZipfWeights } from './sampler';

/** Nobody. */
export const NONE = -1;

/**
 * Who there is, by numbers from 0 in the order of their creation, and who belongs to whom. Everything else about them is
 * drawn when their row is made; what is kept is eight bytes for each user and twenty for each organization.
 */
export interface Population {
  readonly setting: DataSetting;
  readonly moments: Moments;
  organizationCreatedAtMs(organization: number): number;
  organizationId(organization: number): string;
  userCreatedAtMs(user: number): number;
  userId(user: number): string;
  /** The organization that a user first belonged to; `NONE` for a service account of the platform. */
  organizationOf(user: number): number;
  isOldestMember(user: number): boolean;
  /** An organization that exists at the time, the larger the likelier. */
  drawOrganization(random: Random, timeMs: number): number;
  /** A user of the organization who exists at the time, the older the likelier; `NONE` if there is none. */
  drawMember(organization: number, random: Random, timeMs: number): number;
}

/** How often a draw may miss what does not exist yet before the oldest is taken. */
const MAX_DRAWS = 32;

export function createPopulation(setting: DataSetting): Population {
  const { seed, organizations, users } = setting;
  const moments = createMoments(setting);
  const organizationSeed = createIdSeed(seed, 'organizations');
  const userSeed = createIdSeed(seed, 'users');
  const bySize = createSampler(listZipfWeights(organizations, MODEL.organizations.sizeExponent));
  // Whoever is to exist for certain is counted without the one who is about to.
  const countAt = (all: number, timeMs: number): number => Math.floor(all * moments.accountsAt(timeMs));
  const organizationCreatedAtMs = (organization: number): number =>
    Math.floor(moments.ofAccounts((organization + drawAt(organizationSeed, organization)) / organizations));
  const userCreatedAtMs = (user: number): number =>
    Math.floor(moments.ofAccounts((user + drawAt(userSeed, user)) / users));
  const drawOrganization = (random: Random, timeMs: number): number => {
    const existing = countAt(organizations, timeMs);
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const organization = bySize(random);
      if (organization < existing) return organization;
    }
    return 0;
  };

  const organizationOfUser = new Int32Array(users).fill(NONE);
  const random = createRandom(seed, 'users/organization');
  for (let user = MODEL.users.serviceAccounts; user < users; user++) {
    organizationOfUser[user] = drawOrganization(random, userCreatedAtMs(user));
  }
  const { starts, members } = groupMembers(organizationOfUser, organizations);

  return {
    setting,
    moments,
    organizationCreatedAtMs,
    organizationId: (organization) =>
      renderId(organizationSeed, organization, organizationCreatedAtMs(organization)),
    userCreatedAtMs,
    userId: (user) => renderId(userSeed, user, userCreatedAtMs(user)),
    organizationOf: (user) => organizationOfUser[user] ?? NONE,
    isOldestMember: (user) => members[starts[organizationOfUser[user] ?? NONE] ?? NONE] === user,
    drawOrganization,
    drawMember(organization, draw, timeMs) {
      const start = starts[organization] as number;
      const end = findFirstFrom(
        members,
        countAt(users, timeMs),
        start,
        starts[organization + 1] ?? members.length,
      );
      if (end === start) return NONE;
      return members[start + Math.floor((end - start) * draw() ** MODEL.operations.personPower)] ?? NONE;
    },
  };
}

/** The users of each organization in order: those of the n-th stand in `members` from `starts[n]` to `starts[n + 1]`. */
function groupMembers(organizationOfUser: Int32Array, organizations: number) {
  const starts = new Int32Array(organizations + 1);
  for (const organization of organizationOfUser) {
    if (organization !== NONE) starts[organization + 1] = (starts[organization + 1] as number) + 1;
  }
  for (let at = 0; at < organizations; at++) {
    starts[at + 1] = (starts[at + 1] as number) + (starts[at] as number);
  }
  const next = starts.slice();
  const members = new Int32Array(starts[organizations] as number);
  for (const [user, organization] of organizationOfUser.entries()) {
    if (organization === NONE) continue;
    const at = next[organization] as number;
    members[at] = user;
    next[organization] = at + 1;
  }
  return { starts, members };
}

/** Where the values that are at least `least` begin, between two places of a sorted list. */
function findFirstFrom(sorted: Int32Array, least: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
