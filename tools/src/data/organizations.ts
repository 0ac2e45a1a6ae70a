import { createRandom } from '../proof/random';
import { MODEL } from './model';
import { ORGANIZATION_FORMS, ORGANIZATION_TRADES, ORGANIZATION_WORDS } from './names';
import type { Population } from './population';
import type { OrganizationRow } from './rows';
import { createNameSampler, createShareSampler } from './sampler';

/** The rows of `organizations`, in the order of their creation. */
export function* generateOrganizations(population: Population): Generator<OrganizationRow> {
  const { setting, moments } = population;
  const model = MODEL.organizations;
  const random = createRandom(setting.seed, 'organizations');
  const drawWord = createNameSampler(ORGANIZATION_WORDS, model.wordExponent);
  const drawTrade = createNameSampler(ORGANIZATION_TRADES, model.wordExponent);
  const drawForm = createNameSampler(ORGANIZATION_FORMS, model.wordExponent);
  const drawStatus = createShareSampler(model.status);
  for (let organization = 0; organization < setting.organizations; organization++) {
    const createdAtMs = population.organizationCreatedAtMs(organization);
    const word = drawWord(random);
    const trade = drawTrade(random);
    yield {
      id: population.organizationId(organization),
      externalId: random() < model.externalId ? `crm:${organization + 1}` : null,
      name: `${word} ${trade} ${drawForm(random)}`.trimEnd(),
      domain:
        random() < model.domain ? `${word}-${trade}-${organization + 1}.example.org`.toLowerCase() : null,
      status: drawStatus(random),
      createdAt: new Date(createdAtMs),
      updatedAt: new Date(createdAtMs + Math.floor((moments.untilMs - createdAtMs) * random())),
    };
  }
}
