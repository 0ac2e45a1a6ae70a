import type {
  ApiKeyStatus,
  MembershipRole,
  MembershipStatus,
  OrganizationStatus,
  UserRole,
  UserStatus,
} from '@holdfast/db';

/** How often each value occurs; together 1. */
export type Shares<Value extends string> = Readonly<Record<Value, number>>;

/** A kind of aggregate, and what can happen to it. */
export interface AggregateModel {
  /** Of all streams. */
  readonly share: number;
  /** Type of a stream's first event. */
  readonly opening: string;
  /** Types of all further events, and how often each of them occurs. */
  readonly further: Readonly<Record<string, number>>;
}

/**
 * What the generated rows are like: every distribution that they follow, as data. Shares are of 1, times in days unless
 * the name says otherwise.
 *
 * Where a figure has no source, it is a judgement: large enough that the queries and indexes it is there for are tried,
 * and uneven enough that a plan which is right for most rows can be seen to be wrong for some.
 */
export const MODEL = Object.freeze({
  /** How many rows the other tables have. Large enough that reading one of them whole costs more than any index. */
  sizes: {
    eventsPerOrganization: 50,
    eventsPerUser: 10,
    eventsPerApiKey: 20,
    minOrganizations: 5,
    minUsers: 50,
    minApiKeys: 10,
  },

  /** A service that has run for a while and grows. There are no hours of the day: no query asks for them. */
  time: {
    /** From the first event to the last. */
    logDays: 730,
    /** Events per day at the end, for each one at the start; linear between. */
    growth: 3,
    /** Accounts that were there before the log begins, and since when. */
    earlierAccounts: 0.4,
    earlierDays: 730,
    /**
     * From when an event happened to when it was written: a request in milliseconds, or a client that was offline. The
     * order of `event_timestamp` is therefore nearly, and not quite, that of the log.
     */
    delayMs: 40,
    late: 0.03,
    lateDelayMs: 7_200_000,
  },

  organizations: {
    /**
     * The n-th largest has 1/n of what the largest has, of users and of events: Zipf's law, as firms have it (R. L.
     * Axtell, "Zipf Distribution of U.S. Firm Sizes", Science 293, 2001). The oldest are the largest.
     */
    sizeExponent: 1,
    status: { active: 0.9, suspended: 0.04, archived: 0.06 } satisfies Shares<OrganizationStatus>,
    /** Common words are much more common than others, so that a search by name finds three rows or thousands. */
    wordExponent: 0.7,
    domain: 0.65,
    /** Copied from elsewhere. */
    externalId: 0.5,
  },

  users: {
    /** Accounts of the platform itself, which belong to no organization: the same number at any scale. */
    serviceAccounts: 12,
    status: { active: 0.84, invited: 0.08, suspended: 0.03, deleted: 0.05 } satisfies Shares<UserStatus>,
    /** Of those that belong to an organization. `member` is the common role, for which no index on it is of use. */
    role: { owner: 0.02, admin: 0.06, member: 0.9, service: 0.02 } satisfies Shares<UserRole>,
    /** Accounts at GitHub often tell no address and no name. */
    email: 0.68,
    /** Of the addresses: written with capitals. They must be found all the same. */
    capitalEmail: 0.06,
    bothNames: 0.82,
    firstNameOnly: 0.05,
    /** A few names are very frequent, and most are rare: a search by name finds one row or hundreds. */
    nameExponent: 0.8,
    /** Of first names: double ones, which few others or nobody has. Whoever looks for one finds a handful of rows. */
    doubleName: 0.02,
    /** Of people who may log in. The invited and the service accounts never have: NULL sorts apart in every page. */
    neverLoggedIn: 0.22,
    /** Mean age of the session before the current one, and mean time from it to the current one; both exponential. */
    loginAgeDays: 60,
    loginGapDays: 7,
    externalId: 0.4,
  },

  memberships: {
    /** Organizations that a user belongs to besides the first. */
    further: { none: 0.84, one: 0.12, two: 0.04 } satisfies Shares<'none' | 'one' | 'two'>,
    /** Apart from the oldest member of each organization, who owns it. */
    role: { owner: 0, admin: 0.08, member: 0.92 } satisfies Shares<MembershipRole>,
    status: {
      active: 0.86,
      pending: 0.05,
      suspended: 0.03,
      removed: 0.06,
    } satisfies Shares<MembershipStatus>,
  },

  apiKeys: {
    status: { active: 0.6, inactive: 0.15, revoked: 0.25 } satisfies Shares<ApiKeyStatus>,
    /** Of the keys; service accounts hold many each, people one or two. */
    ofServiceAccounts: 0.1,
    /** Bound to the organization of its user. */
    organization: 0.7,
    /** From its creation to its end; NULL for `never`. What is still to expire lies within a year of the end. */
    lifetimeDays: { never: 0.4, '30': 0.18, '90': 0.24, '365': 0.18 } satisfies Shares<string>,
    neverUsed: 0.35,
    /** Mean age of the last use; exponential. */
    usedAgeDays: 20,
  },

  streams: {
    /**
     * A stream has n events in proportion to 1/n²: six of ten have one, and the longest of a million have thousands.
     * Zipf's law again, for sizes instead of ranks.
     */
    lengthExponent: 2,
    maxLength: 20_000,
    /** The longest stream may have this share of all events, so that small logs are no single stream. */
    maxShareOfLog: 0.01,
    /**
     * From a stream's first event to its last, as the number of events of the whole log in between. Most streams are
     * over soon, and their rows lie near each other; a long one takes at most one event in `minGap`.
     */
    lifetimeEvents: 20_000,
    lifetimeShareOfLog: 0.02,
    minGap: 50,
    /** Of the streams: the platform's own, of no organization. */
    withoutOrganization: 0.06,
  },

  /** What is written together: by one request, under one correlation id. */
  operations: {
    /** How many events are meant: the share of 1, 2, 3 … 10. It ends early when its streams have no further event. */
    size: [0.45, 0.2, 0.12, 0.08, 0.05, 0.04, 0.03, 0.015, 0.01, 0.005],
    /** Of the further events: those that open a stream of their own, in the same organization. */
    opensStream: 0.15,
    withoutCorrelation: 0.12,
    /** Sent with an idempotency key. */
    idempotent: 0.3,
    /**
     * Most of a log is written by machines. `none` leaves `user_id` NULL: schedules, imports. A person of an organization
     * without any, or of none, is `none` too.
     */
    actor: { none: 0.15, service: 0.55, person: 0.3 } satisfies Shares<'none' | 'service' | 'person'>,
    /** Of the service accounts, by rank: the busiest has a third of what they write. */
    serviceExponent: 1,
    /** A draw of [0, 1) to this power picks the person, oldest first: a few people do most. */
    personPower: 2,
  },

  /** Ten kinds of aggregates, 50 types of events: from one in ten to one in tens of thousands. */
  aggregates: {
    order: {
      share: 0.3,
      opening: 'order.placed',
      further: {
        'order.item-added': 0.42,
        'order.confirmed': 0.22,
        'order.shipped': 0.2,
        'order.completed': 0.14,
        'order.cancelled': 0.018,
        'order.disputed': 0.0018,
        'order.reopened': 0.0002,
      },
    },
    payment: {
      share: 0.2,
      opening: 'payment.requested',
      further: {
        'payment.authorised': 0.5,
        'payment.captured': 0.44,
        'payment.failed': 0.05,
        'payment.refunded': 0.009,
        'payment.charged-back': 0.001,
      },
    },
    shipment: {
      share: 0.14,
      opening: 'shipment.created',
      further: {
        'shipment.position-reported': 0.8,
        'shipment.delivered': 0.18,
        'shipment.returned': 0.019,
        'shipment.lost': 0.001,
      },
    },
    invoice: {
      share: 0.12,
      opening: 'invoice.issued',
      further: { 'invoice.sent': 0.5, 'invoice.paid': 0.44, 'invoice.overdue': 0.05, 'invoice.voided': 0.01 },
    },
    session: {
      share: 0.1,
      opening: 'session.started',
      further: { 'session.extended': 0.75, 'session.ended': 0.24, 'session.revoked': 0.01 },
    },
    device: {
      share: 0.05,
      opening: 'device.registered',
      further: { 'device.measured': 0.985, 'device.configured': 0.014, 'device.retired': 0.001 },
    },
    subscription: {
      share: 0.04,
      opening: 'subscription.started',
      further: {
        'subscription.renewed': 0.9,
        'subscription.upgraded': 0.06,
        'subscription.paused': 0.03,
        'subscription.cancelled': 0.01,
      },
    },
    document: {
      share: 0.03,
      opening: 'document.created',
      further: {
        'document.edited': 0.9,
        'document.shared': 0.08,
        'document.archived': 0.019,
        'document.restored': 0.001,
      },
    },
    ticket: {
      share: 0.015,
      opening: 'ticket.opened',
      further: { 'ticket.answered': 0.7, 'ticket.closed': 0.25, 'ticket.escalated': 0.05 },
    },
    policy: {
      share: 0.005,
      opening: 'policy.proposed',
      further: { 'policy.amended': 0.85, 'policy.enacted': 0.1, 'policy.repealed': 0.05 },
    },
  } satisfies Readonly<Record<string, AggregateModel>>,

  /**
   * What events are about, as conditions of a dynamic consistency boundary name it. The stream's own tag is on every
   * event; the others belong to the stream as well, save that a channel is that of the operation.
   */
  tags: {
    customer: 0.5,
    eventsPerCustomer: 25,
    customerExponent: 0.8,
    product: 0.3,
    /** The same number at any scale. */
    products: 2_000,
    productExponent: 1,
    /** On every event of a service account or a person: two values that no index can be of use for. */
    channel: { service: 'channel:api', person: 'channel:web' },
  },

  /** Bytes of the payload as JSON text: log-normal, like most sizes of messages and files; 9 of 10 lie in 185–590. */
  payload: { medianBytes: 330, sigma: 0.35, minBytes: 150, maxBytes: 4_000 },

  /** Workers keep up, with a tail of what fails. */
  processing: {
    /** Where in the log anything still waits: its newest part; and how much of that. */
    backlogShareOfLog: 0.005,
    waiting: 0.4,
    /** Failures so far of an event that waits, by number, and of one that is processed. */
    waitingRetries: [0.72, 0.13, 0.07, 0.05, 0.03],
    processedRetries: [0.975, 0.017, 0.005, 0.002, 0.001],
    /** Given up at the limit, anywhere in the log: unprocessed for ever, and not to be found by a worker. */
    givenUp: 0.0004,
  },
});

export type AggregateType = keyof typeof MODEL.aggregates;
