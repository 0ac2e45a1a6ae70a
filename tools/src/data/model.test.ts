import {
  API_KEY_STATUSES,
  MAX_EVENT_ATTEMPTS,
  MEMBERSHIP_ROLES,
  MEMBERSHIP_STATUSES,
  ORGANIZATION_STATUSES,
  USER_ROLES,
  USER_STATUSES,
} from '@holdfast/db';
import { type AggregateModel, MODEL } from './model';

const aggregates: Readonly<Record<string, AggregateModel>> = MODEL.aggregates;

const shares: readonly (readonly [string, readonly number[]])[] = [
  ['organizations.status', Object.values(MODEL.organizations.status)],
  ['users.status', Object.values(MODEL.users.status)],
  ['users.role', Object.values(MODEL.users.role)],
  ['memberships.further', Object.values(MODEL.memberships.further)],
  ['memberships.role', Object.values(MODEL.memberships.role)],
  ['memberships.status', Object.values(MODEL.memberships.status)],
  ['apiKeys.status', Object.values(MODEL.apiKeys.status)],
  ['apiKeys.lifetimeDays', Object.values(MODEL.apiKeys.lifetimeDays)],
  ['operations.size', MODEL.operations.size],
  ['operations.actor', Object.values(MODEL.operations.actor)],
  ['processing.waitingRetries', MODEL.processing.waitingRetries],
  ['processing.processedRetries', MODEL.processing.processedRetries],
  ['aggregates', Object.values(aggregates).map(({ share }) => share)],
  ...Object.entries(aggregates).map(
    ([type, { further }]) => [`aggregates.${type}`, Object.values(further)] as const,
  ),
];

describe('the model', () => {
  it.each(shares)('has shares of %s that add up to 1', (_, values) => {
    expect(values.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  });

  it('knows exactly the values that the schema allows', () => {
    const known = [
      [MODEL.organizations.status, ORGANIZATION_STATUSES],
      [MODEL.users.status, USER_STATUSES],
      [MODEL.users.role, USER_ROLES],
      [MODEL.memberships.role, MEMBERSHIP_ROLES],
      [MODEL.memberships.status, MEMBERSHIP_STATUSES],
      [MODEL.apiKeys.status, API_KEY_STATUSES],
    ] as const;
    for (const [model, schema] of known) expect(Object.keys(model).sort()).toEqual([...schema].sort());
  });

  it('lets events fail as often as workers try them, and operations have ten events at most', () => {
    expect(MODEL.processing.waitingRetries).toHaveLength(MAX_EVENT_ATTEMPTS);
    expect(MODEL.operations.size).toHaveLength(10);
  });

  it('names every type of event after its kind of aggregate, and none twice', () => {
    const types = Object.entries(aggregates).flatMap(([aggregate, { opening, further }]) =>
      [opening, ...Object.keys(further)].map((type) => ({ aggregate, type })),
    );
    for (const { aggregate, type } of types) expect(type.startsWith(`${aggregate}.`)).toBe(true);
    expect(new Set(types.map(({ type }) => type)).size).toBe(types.length);
    expect(types).toHaveLength(50);
  });
});
