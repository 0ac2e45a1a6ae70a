import { createHash } from 'node:crypto';
import { createRandom } from '../proof/random';
import { createIdSeed, renderId } from './ids';
import { MODEL } from './model';
import { DAY_MS } from './moments';
import { NONE, type Population } from './population';
import type { ApiKeyRow } from './rows';
import { createSampler, createShareSampler, drawExponentialUpTo, listZipfWeights } from './sampler';

/** The rows of `api_keys`, in no order: of a hash, none would be better than another. */
export function* generateApiKeys(population: Population): Generator<ApiKeyRow> {
  const { setting, moments } = population;
  const model = MODEL.apiKeys;
  const { serviceAccounts } = MODEL.users;
  const idSeed = createIdSeed(setting.seed, 'api_keys');
  const random = createRandom(setting.seed, 'api_keys');
  const drawStatus = createShareSampler(model.status);
  const drawLifetime = createShareSampler(model.lifetimeDays);
  const drawService = createSampler(listZipfWeights(serviceAccounts, MODEL.operations.serviceExponent));
  for (let key = 0; key < setting.apiKeys; key++) {
    const isOfService = random() < model.ofServiceAccounts;
    const user = isOfService
      ? drawService(random)
      : serviceAccounts + Math.floor((setting.users - serviceAccounts) * random());
    const userCreatedAtMs = population.userCreatedAtMs(user);
    const createdAtMs = userCreatedAtMs + Math.floor((moments.untilMs - userCreatedAtMs) * random());
    const first = population.organizationOf(user);
    const organization = first === NONE ? population.drawOrganization(random, createdAtMs) : first;
    const lifetime = drawLifetime(random);
    const expiresAtMs =
      lifetime === 'never' ? Number.POSITIVE_INFINITY : createdAtMs + Number(lifetime) * DAY_MS;
    // Nobody uses a key after its end.
    const lastMs = Math.min(expiresAtMs, moments.untilMs);
    const usedAgeMs = drawExponentialUpTo(lastMs - createdAtMs, model.usedAgeDays * DAY_MS, random);
    yield {
      id: renderId(idSeed, key, createdAtMs),
      userId: population.userId(user),
      organizationId: random() < model.organization ? population.organizationId(organization) : null,
      keyHash: hashKey(setting.seed, key),
      status: drawStatus(random),
      expiresAt: Number.isFinite(expiresAtMs) ? new Date(expiresAtMs) : null,
      lastUsedAt: random() < model.neverUsed ? null : new Date(Math.floor(lastMs - usedAgeMs)),
      createdAt: new Date(createdAtMs),
      updatedAt: new Date(createdAtMs + Math.floor((lastMs - createdAtMs) * random())),
    };
  }
}

function hashKey(seed: number, key: number): Buffer {
  return createHash('sha256').update(`${seed}/api key/${key}`).digest();
}
