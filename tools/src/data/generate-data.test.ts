import { createHash } from 'node:crypto';
import { type GeneratedData, generateData } from './generate-data';
import { MODEL } from './model';
import type { ApiKeyRow, EventRow, UserRow } from './rows';

const TABLES = ['organizations', 'users', 'memberships', 'events', 'apiKeys'] as const;
const UNTIL = new Date('2026-01-01T00:00:00.000Z');

const data = generateData({ events: 20_000 });
const organizations = [...data.organizations];
const users = [...data.users];
const memberships = [...data.memberships];
const events = [...data.events];
const apiKeys = [...data.apiKeys];

/** One hash of all rows of all tables, read in an order of the tables. */
function hash(generated: GeneratedData, tables: readonly (typeof TABLES)[number][] = TABLES): string {
  const hashes = new Map(
    tables.map((table) => {
      const tableHash = createHash('sha256');
      for (const row of generated[table]) tableHash.update(`${JSON.stringify(row)}\n`);
      return [table, tableHash.digest('hex')];
    }),
  );
  return createHash('sha256')
    .update(TABLES.map((table) => hashes.get(table)).join())
    .digest('hex');
}

function groupBy<Row>(rows: readonly Row[], key: (row: Row) => string | null): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = key(row);
    if (name === null) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

const shareOf = <Row>(rows: readonly Row[], is: (row: Row) => boolean): number =>
  rows.filter(is).length / rows.length;

const countAll = (groups: Map<string, unknown[]>): number[] =>
  [...groups.values()].map((rows) => rows.length).sort((one, other) => other - one);

describe('generated data', () => {
  it('is the same bytes for the same options, in whatever order the tables are read', () => {
    const options = { events: 2_000, seed: 7 };
    const expected = hash(generateData(options));
    const again = generateData(options);
    expect(hash(again, TABLES.toReversed())).toBe(expected);
    expect(hash(again)).toBe(expected);
  });

  it('is the same bytes on every machine and version of Node', () => {
    // Another hash means other data for everybody: renew it together with docs/benchmark-data.
    expect(hash(generateData({ events: 1_000 }))).toBe(
      '5981a779e2474c978a21e2ff2423b4897ca60333b2dd87305907b10bb7ca8168',
    );
  });

  it('is other data for another seed', () => {
    expect(hash(generateData({ events: 1_000, seed: 2 }))).not.toBe(hash(generateData({ events: 1_000 })));
  });

  it('has as many rows as it says', () => {
    for (const table of TABLES) expect([...data[table]]).toHaveLength(data[table].size);
  });

  it('refers to rows that exist', () => {
    const organizationIds = new Set<string | null>([null, ...organizations.map(({ id }) => id)]);
    const userIds = new Set<string | null>([null, ...users.map(({ id }) => id)]);
    const references = [...memberships, ...events, ...apiKeys];
    expect(references.filter(({ organizationId }) => !organizationIds.has(organizationId))).toEqual([]);
    expect(references.filter(({ userId }) => !userIds.has(userId))).toEqual([]);
  });

  it.each<[string, readonly (string | null)[]]>([
    ['organizations.id', organizations.map(({ id }) => id)],
    [
      'organizations.domain, without regard to case',
      organizations.map((row) => row.domain?.toLowerCase() ?? null),
    ],
    ['organizations.external_id', organizations.map(({ externalId }) => externalId)],
    ['users.id', users.map(({ id }) => id)],
    ['users.email, without regard to case', users.map(({ email }) => email?.toLowerCase() ?? null)],
    ['users.external_id', users.map(({ externalId }) => externalId)],
    ['user_organizations.id', memberships.map(({ id }) => id)],
    ['user and organization', memberships.map((row) => `${row.userId} ${row.organizationId}`)],
    ['events.id', events.map(({ id }) => id)],
    ['events.global_position', events.map(({ globalPosition }) => globalPosition)],
    ['stream and version', events.map((row) => `${row.aggregateId} ${row.aggregateVersion}`)],
    [
      'stream and idempotency key',
      events.map((row) => row.idempotencyKey && `${row.aggregateId} ${row.idempotencyKey}`),
    ],
    ['api_keys.id', apiKeys.map(({ id }) => id)],
    ['api_keys.key_hash', apiKeys.map(({ keyHash }) => keyHash.toString('hex'))],
  ])('has no two rows of one %s', (_, keys) => {
    const given = keys.filter((key) => key !== null);
    expect(given.length).toBeGreaterThan(100);
    expect(new Set(given).size).toBe(given.length);
  });

  it('has a log in the order of its positions, of times before its end, and of things that exist by then', () => {
    const createdAt = new Map([...organizations, ...users].map((row) => [row.id, row.createdAt]));
    const isThere = (id: string | null, at: Date): boolean =>
      id === null || (createdAt.get(id) ?? UNTIL) <= at;
    expect(events.filter(({ globalPosition }, at) => globalPosition !== String(at + 1))).toEqual([]);
    expect(
      events.filter((event) => event.createdAt >= UNTIL || event.eventTimestamp > event.createdAt),
    ).toEqual([]);
    expect(events.filter((event) => !isThere(event.userId, event.createdAt))).toEqual([]);
    expect(events.filter((event) => !isThere(event.organizationId, event.createdAt))).toEqual([]);
  });

  it('has logins and uses of keys between their creation and their end', () => {
    const isMistaken = ({ createdAt, lastLoginAt, currentLoginAt }: UserRow): boolean => {
      if (lastLoginAt === null || currentLoginAt === null) return lastLoginAt !== currentLoginAt;
      return lastLoginAt < createdAt || currentLoginAt < lastLoginAt || currentLoginAt > UNTIL;
    };
    expect(users.filter(isMistaken)).toEqual([]);
    const isMisused = ({ createdAt, lastUsedAt, expiresAt }: ApiKeyRow): boolean =>
      lastUsedAt !== null &&
      (lastUsedAt < createdAt || lastUsedAt > UNTIL || lastUsedAt > (expiresAt ?? UNTIL));
    expect(apiKeys.filter(isMisused)).toEqual([]);
  });

  it('has addresses of nobody', () => {
    const addresses = users.map(({ email }) => email ?? 'a.1@example.org');
    expect(addresses.filter((email) => !/^[a-z.]+\.\d+@example\.org$/i.test(email))).toEqual([]);
    const domains = organizations.map(({ domain }) => domain ?? 'a.example.org');
    expect(domains.filter((domain) => !/^[a-z0-9-]+\.example\.org$/.test(domain))).toEqual([]);
  });
});

describe('generated streams', () => {
  const streams = groupBy(events, ({ aggregateId }) => aggregateId);

  it('have versions 1, 2, 3 … in the order of the log, and one kind, organization and opening', () => {
    const isMistaken = (stream: readonly EventRow[]): boolean => {
      const first = stream[0] as EventRow;
      const { opening } = MODEL.aggregates[first.aggregateType as keyof typeof MODEL.aggregates];
      return stream.some(
        (event, at) =>
          event.aggregateVersion !== at + 1 ||
          event.aggregateType !== first.aggregateType ||
          event.organizationId !== first.organizationId ||
          (event.eventType === opening) !== (at === 0),
      );
    };
    expect([...streams.values()].filter(isMistaken)).toEqual([]);
  });

  it('are short for the most part, and a few are long', () => {
    const lengths = countAll(streams);
    expect(lengths.filter((length) => length === 1).length / lengths.length).toBeCloseTo(0.61, 1);
    expect(lengths[0]).toBeGreaterThan(100);
    expect(lengths[0]).toBeLessThanOrEqual(200);
  });

  it('go on next to others, and not one after the other', () => {
    const between = events.filter((event, at) => at > 0 && event.aggregateId !== events[at - 1]?.aggregateId);
    expect(between.length / events.length).toBeGreaterThan(0.5);
  });
});

describe('generated operations', () => {
  it('have one to ten events of one organization, one user and one moment', () => {
    const operations = groupBy(events, ({ correlationId }) => correlationId);
    const isMistaken = (operation: readonly EventRow[]): boolean => {
      const first = operation[0] as EventRow;
      return operation.some(
        (event) =>
          event.organizationId !== first.organizationId ||
          event.userId !== first.userId ||
          event.createdAt.getTime() - first.createdAt.getTime() >= 10,
      );
    };
    expect([...operations.values()].filter(isMistaken)).toEqual([]);
    expect(new Set(countAll(operations))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    const streamsOf = (operation: readonly EventRow[]) =>
      new Set(operation.map((event) => event.aggregateId));
    expect([...operations.values()].some((operation) => streamsOf(operation).size > 1)).toBe(true);
  });
});

describe('the skew of generated data', () => {
  it('gives a few organizations most events', () => {
    const counts = countAll(groupBy(events, ({ organizationId }) => organizationId));
    const ofTen = counts.slice(0, 10).reduce((sum, count) => sum + count, 0);
    expect(ofTen / events.length).toBeGreaterThan(0.3);
    expect(counts.filter((count) => count < 20).length / counts.length).toBeGreaterThan(0.5);
  });

  it('gives a few service accounts most events, and nobody some', () => {
    const services = new Set(users.slice(0, MODEL.users.serviceAccounts).map(({ id }) => id));
    expect(shareOf(events, ({ userId }) => userId !== null && services.has(userId))).toBeCloseTo(0.55, 1);
    expect(shareOf(events, ({ userId }) => userId === null)).toBeCloseTo(0.2, 1);
    const unowned = events.filter(({ organizationId }) => organizationId === null);
    expect(unowned.filter(({ userId }) => userId !== null && !services.has(userId))).toEqual([]);
    const [busiest] = countAll(groupBy(events, ({ userId }) => userId)) as [number];
    expect(busiest / events.length).toBeCloseTo(0.18, 1);
  });

  it('has rare types of events', () => {
    const counts = countAll(groupBy(events, ({ eventType }) => eventType));
    expect((counts[0] ?? 0) / events.length).toBeGreaterThan(0.07);
    expect((counts.at(-1) ?? 0) / events.length).toBeLessThan(0.0005);
  });

  it('leaves few events unprocessed: those of the newest part, and those given up', () => {
    const unprocessed = events.filter(({ processed }) => !processed);
    expect(unprocessed.length / events.length).toBeLessThan(0.005);
    const backlog = unprocessed.filter(({ retryCount }) => retryCount < 5);
    const newest = events.length * (1 - MODEL.processing.backlogShareOfLog);
    expect(backlog.filter(({ globalPosition }) => Number(globalPosition) <= newest)).toEqual([]);
    expect(unprocessed.length).toBeGreaterThan(backlog.length);
    expect(events.filter(({ lastError, retryCount }) => (lastError === null) !== (retryCount === 0))).toEqual(
      [],
    );
  });

  it('has payloads of the model’s sizes', () => {
    const bytes = events
      .map(({ payload }) => JSON.stringify(payload).length)
      .sort((one, other) => one - other);
    const at = (share: number): number => bytes[Math.floor(share * bytes.length)] as number;
    expect(at(0.5) / MODEL.payload.medianBytes).toBeCloseTo(1, 1);
    expect(at(0.05) / 185).toBeCloseTo(1, 1);
    expect(at(0.95) / 587).toBeCloseTo(1, 1);
    expect(at(0)).toBeGreaterThanOrEqual(MODEL.payload.minBytes);
  });

  it.each<[string, number, number]>([
    ['events without an organization', shareOf(events, (row) => row.organizationId === null), 0.06],
    ['events without a correlation', shareOf(events, (row) => row.correlationId === null), 0.12],
    ['events with an idempotency key', shareOf(events, (row) => row.idempotencyKey !== null), 0.3],
    ['organizations with a domain', shareOf(organizations, (row) => row.domain !== null), 0.65],
    ['active organizations', shareOf(organizations, (row) => row.status === 'active'), 0.9],
    ['users with an address', shareOf(users, (row) => row.email !== null), 0.68],
    ['users with both names', shareOf(users, (row) => row.firstName !== null && row.lastName !== null), 0.8],
    ['users who never logged in', shareOf(users, (row) => row.lastLoginAt === null), 0.3],
    ['users of the common role', shareOf(users, (row) => row.role === 'member'), 0.9],
    ['active keys', shareOf(apiKeys, (row) => row.status === 'active'), 0.6],
    ['keys that never expire', shareOf(apiKeys, (row) => row.expiresAt === null), 0.4],
    ['keys never used', shareOf(apiKeys, (row) => row.lastUsedAt === null), 0.35],
  ])('is that of the model: %s', (_, share, model) => {
    expect(Math.abs(share - model)).toBeLessThan(0.035);
  });

  it('gives every organization that has members one owner', () => {
    const byOrganization = groupBy(memberships, ({ organizationId }) => organizationId);
    const owners = [...byOrganization.values()].map(
      (rows) => rows.filter(({ role }) => role === 'owner').length,
    );
    expect(Math.max(...owners)).toBe(1);
    expect(memberships.length / users.length).toBeCloseTo(1.2, 1);
  });
});
