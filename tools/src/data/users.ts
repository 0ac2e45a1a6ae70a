import type { UserRole, UserStatus } from '@holdfast/db';
import { createRandom, type Random } from '../proof/random';
import { MODEL } from './model';
import { DAY_MS } from './moments';
import { FIRST_NAMES, LAST_NAMES } from './names';
import { NONE, type Population } from './population';
import type { UserRow } from './rows';
import { createNameSampler, createShareSampler, drawExponentialUpTo } from './sampler';

interface Names {
  readonly firstName: string | null;
  readonly lastName: string | null;
}

/** The rows of `users`, in the order of their creation: first the service accounts of the platform. */
export function* generateUsers(population: Population): Generator<UserRow> {
  const { setting, moments } = population;
  const model = MODEL.users;
  const random = createRandom(setting.seed, 'users');
  const drawStatus = createShareSampler(model.status);
  const drawRole = createShareSampler(model.role);
  const drawNames = createNamesSampler();
  for (let user = 0; user < setting.users; user++) {
    const isPlatform = population.organizationOf(user) === NONE;
    const createdAtMs = population.userCreatedAtMs(user);
    const ageMs = moments.untilMs - createdAtMs;
    const role: UserRole = isPlatform ? 'service' : drawRole(random);
    const status: UserStatus = isPlatform ? 'active' : drawStatus(random);
    const names: Names = role === 'service' ? { firstName: null, lastName: null } : drawNames(random);
    const mayLogIn = role !== 'service' && status !== 'invited';
    const hasLoggedIn = mayLogIn && random() >= model.neverLoggedIn;
    const loginAgeMs = drawExponentialUpTo(ageMs, model.loginAgeDays * DAY_MS, random);
    const gapMs = drawExponentialUpTo(loginAgeMs, model.loginGapDays * DAY_MS, random);
    yield {
      id: population.userId(user),
      externalId: !isPlatform && random() < model.externalId ? `github:${1_000 + user}` : null,
      email: random() < model.email ? renderEmail(names, user, random() < model.capitalEmail) : null,
      ...names,
      status,
      role,
      lastLoginAt: hasLoggedIn ? new Date(Math.floor(moments.untilMs - loginAgeMs)) : null,
      currentLoginAt: hasLoggedIn ? new Date(Math.floor(moments.untilMs - loginAgeMs + gapMs)) : null,
      createdAt: new Date(createdAtMs),
      updatedAt: new Date(createdAtMs + Math.floor(ageMs * random())),
    };
  }
}

function createNamesSampler(): (random: Random) => Names {
  const { nameExponent, doubleName, bothNames, firstNameOnly } = MODEL.users;
  const drawName = createNameSampler(FIRST_NAMES, nameExponent);
  const drawFirstName = (random: Random) =>
    random() < doubleName ? `${drawName(random)}-${drawName(random)}` : drawName(random);
  const drawLastName = createNameSampler(LAST_NAMES, nameExponent);
  return (random) => {
    const told = random();
    return {
      firstName: told < bothNames + firstNameOnly ? drawFirstName(random) : null,
      lastName: told < bothNames ? drawLastName(random) : null,
    };
  };
}

/** Of a domain that belongs to nobody (RFC 2606). The number makes it unique. */
function renderEmail({ firstName, lastName }: Names, user: number, isCapital: boolean): string {
  const parts = [firstName, lastName].filter((name) => name !== null).map(toAscii);
  const words = parts.length > 0 ? parts : ['account'];
  const local = isCapital ? words.join('.') : words.join('.').toLowerCase();
  return `${local}.${user + 1}@${isCapital ? 'Example.org' : 'example.org'}`;
}

const FOLDED: Readonly<Record<string, string>> = { Ł: 'L', ł: 'l', Ø: 'O', ø: 'o' };

function toAscii(name: string): string {
  return name
    .replaceAll(/[ŁłØø]/g, (letter) => FOLDED[letter] ?? '')
    .normalize('NFD')
    .replaceAll(/[^a-z]/gi, '');
}
