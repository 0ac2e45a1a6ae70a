import { renderCount } from '../../proof/line-chart';
import type { DataSetting } from '../data-setting';
import { MODEL } from '../model';
import { LAST_NAMES } from '../names';
import type { DataProfile } from '../profile';
import { expectZipf, listCounts, listTicks } from './expectations';
import { renderShare } from './frame';
import { renderHistogram } from './histogram';
import { rankCounts, renderRankPlot } from './rank-plot';
import { renderSharePlot, type Share } from './share-plot';

type Plot = (profile: DataProfile, setting: DataSetting) => string;

/** The plots of the other four tables, and of what is NULL in all five, by the names of their files. */
export const ACCOUNT_PLOTS = {
  statuses: ({ values }) => {
    const list = (column: string, model: Readonly<Record<string, number>>): Share[] =>
      Object.entries(model).map(([label, share]) => ({
        label,
        share: values.get(column)?.share(label) ?? 0,
        model: share,
      }));
    return renderSharePlot({
      title: 'One status and one role are common',
      subtitle:
        'Owners, and the platform’s service accounts, have their own: some of each are beyond the model',
      description: 'Shares of statuses and roles in the four tables that have them.',
      modelKey: 'model',
      groups: [
        {
          heading: 'organizations.status',
          shares: list('organizations.status', MODEL.organizations.status),
        },
        { heading: 'users.status', shares: list('users.status', MODEL.users.status) },
        { heading: 'users.role', shares: list('users.role', MODEL.users.role) },
        {
          heading: 'user_organizations.status',
          shares: list('memberships.status', MODEL.memberships.status),
        },
        { heading: 'user_organizations.role', shares: list('memberships.role', MODEL.memberships.role) },
        { heading: 'api_keys.status', shares: list('apiKeys.status', MODEL.apiKeys.status) },
      ],
    });
  },

  nulls: ({ nulls }) => {
    const list = (table: string, columns: readonly (readonly [string, string, number?])[]): Share[] =>
      columns.map(([column, label, model]) => ({
        label,
        share: nulls.get(`${table}.${column}`)?.share(true) ?? 0,
        ...(model !== undefined && { model }),
      }));
    const { organizations, users, apiKeys, operations } = MODEL;
    return renderSharePlot({
      title: 'What is NULL, and how often',
      subtitle: 'No mark: the share follows from several of the model’s',
      description: 'The share of NULL in each nullable column.',
      modelKey: 'model',
      groups: [
        {
          heading: 'organizations',
          shares: list('organizations', [
            ['externalId', 'external_id', 1 - organizations.externalId],
            ['domain', 'domain', 1 - organizations.domain],
          ]),
        },
        {
          heading: 'users',
          shares: list('users', [
            ['externalId', 'external_id', 1 - users.externalId],
            ['email', 'email', 1 - users.email],
            ['firstName', 'first_name'],
            ['lastName', 'last_name'],
            ['lastLoginAt', 'last_login_at, current_login_at'],
          ]),
        },
        {
          heading: 'api_keys',
          shares: list('apiKeys', [
            ['organizationId', 'organization_id', 1 - apiKeys.organization],
            ['expiresAt', 'expires_at', apiKeys.lifetimeDays.never],
            ['lastUsedAt', 'last_used_at', apiKeys.neverUsed],
          ]),
        },
        {
          heading: 'events',
          shares: list('events', [
            ['organizationId', 'organization_id'],
            ['userId', 'user_id'],
            ['correlationId', 'correlation_id', operations.withoutCorrelation],
            ['idempotencyKey', 'idempotency_key', 1 - operations.idempotent],
            ['lastError', 'last_error'],
          ]),
        },
      ],
    });
  },

  names: ({ usersPerLastName }, { users }) => {
    const counts = usersPerLastName.sorted;
    const { nameExponent } = MODEL.users;
    return renderRankPlot({
      title: 'Some last names are common',
      subtitle: `${counts.length} names of ${renderCount(users)} users; the commonest has ${renderShare((counts[0] ?? 0) / users)}`,
      description: `Users per last name by rank, both logarithmic: from ${counts[0]} down to ${counts.at(-1)}.`,
      axis: 'rank of the name',
      generatedKey: 'users with a last name',
      generated: rankCounts(counts),
      modelKey: `model: Zipf, exponent ${nameExponent}`,
      model: expectZipf(LAST_NAMES.length, nameExponent, usersPerLastName.total),
    });
  },

  logins: ({ loginWeeks }, { users }) => {
    const weeks = 52;
    return renderHistogram({
      title: 'Some have just logged in, some never',
      subtitle: `${renderShare(1 - loginWeeks.total / users)} of ${renderCount(users)} users never have, and are left out here`,
      description: 'Users by weeks since last_login_at: falling from the most recent week on.',
      axis: 'weeks before the end that last_login_at lies',
      generatedKey: 'generated users',
      counts: listCounts(loginWeeks, 0, weeks),
      ticks: listTicks(weeks, 4, String),
    });
  },

  expiries: ({ expiryWeeks }) => {
    const [before, after] = [52, 52];
    return renderHistogram({
      title: 'Some keys expire soon',
      subtitle: `${renderCount(expiryWeeks.total)} active keys that end; those that ended earlier are left out here`,
      description: 'Active API keys by weeks from the end of the log to expires_at.',
      axis: 'weeks after the end of the log that expires_at lies; below 0 the key has expired',
      generatedKey: 'generated active keys',
      counts: listCounts(expiryWeeks, -before, before + after),
      ticks: listTicks(before + after, 13, (bin) => String(bin - before)),
    });
  },
} satisfies Readonly<Record<string, Plot>>;
