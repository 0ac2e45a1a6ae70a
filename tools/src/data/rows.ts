import type { ApiKey, Event, Membership, Organization, User } from '@holdfast/db';

/** Every column of a table but those that only the server can tell. */
export type OrganizationRow = Readonly<Organization>;
export type UserRow = Readonly<User>;
export type MembershipRow = Readonly<Omit<Membership, 'user' | 'organization'>>;
export type EventRow = Readonly<Omit<Event, 'transactionId'>>;
export type ApiKeyRow = Readonly<Omit<ApiKey, 'user' | 'organization'>>;
