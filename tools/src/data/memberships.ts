import { createRandom, type Random } from '../proof/random';
import { createIdSeed, renderId } from './ids';
import { MODEL } from './model';
import { NONE, type Population } from './population';
import type { MembershipRow } from './rows';
import { createShareSampler } from './sampler';

/** The rows of `user_organizations`, in the order of their users: each user's first organization, then the further ones. */
export function* generateMemberships(population: Population): Generator<MembershipRow> {
  const { setting, moments } = population;
  const model = MODEL.memberships;
  const idSeed = createIdSeed(setting.seed, 'user_organizations');
  const random = createRandom(setting.seed, 'user_organizations');
  const drawRole = createShareSampler(model.role);
  const drawStatus = createShareSampler(model.status);
  let membership = 0;
  for (const [user, organizations] of joinOrganizations(population)) {
    for (const [at, organization] of organizations.entries()) {
      const isOwner = at === 0 && population.isOldestMember(user);
      const userCreatedAtMs = population.userCreatedAtMs(user);
      const earliestMs = Math.max(userCreatedAtMs, population.organizationCreatedAtMs(organization));
      const laterMs = at === 0 ? 0 : Math.floor((moments.untilMs - earliestMs) * random());
      const createdAtMs = earliestMs + laterMs;
      yield {
        id: renderId(idSeed, membership, createdAtMs),
        userId: population.userId(user),
        organizationId: population.organizationId(organization),
        role: isOwner ? 'owner' : drawRole(random),
        status: isOwner ? 'active' : drawStatus(random),
        createdAt: new Date(createdAtMs),
        updatedAt: new Date(createdAtMs + Math.floor((moments.untilMs - createdAtMs) * random())),
      };
      membership += 1;
    }
  }
}

/** How many rows `user_organizations` has, which only drawing them can tell. */
export function countMemberships(population: Population): number {
  let count = 0;
  for (const [, organizations] of joinOrganizations(population)) count += organizations.length;
  return count;
}

/** Each user who belongs to organizations, with these, all different. */
function* joinOrganizations(population: Population): Generator<readonly [user: number, readonly number[]]> {
  const { seed, users, organizations: all } = population.setting;
  const random = createRandom(seed, 'user_organizations/further');
  const drawFurther = createFurtherSampler();
  for (let user = 0; user < users; user++) {
    const first = population.organizationOf(user);
    if (first === NONE) continue;
    const organizations = [first];
    const wanted = Math.min(all, 1 + drawFurther(random));
    while (organizations.length < wanted) {
      const next = population.drawOrganization(random, population.moments.untilMs);
      if (!organizations.includes(next)) organizations.push(next);
    }
    yield [user, organizations];
  }
}

function createFurtherSampler(): (random: Random) => number {
  const counts = { none: 0, one: 1, two: 2 } as const;
  const draw = createShareSampler(MODEL.memberships.further);
  return (random) => counts[draw(random)];
}
