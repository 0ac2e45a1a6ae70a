import type { ApiKey, Event, Membership, Organization, User } from '@holdfast/db';

/** Every column of a table but those that only the server can tell, or that begin alike in each row. */
export type OrganizationRow = Readonly<Omit<Organization, 'version'>>;
export type UserRow = Readonly<Omit<User, 'version'>>;
export type MembershipRow = Readonly<Omit<Membership, 'version' | 'user' | 'organization'>>;
export type EventRow = Readonly<Omit<Event, 'transactionId'>>;
export type ApiKeyRow = Readonly<
  Omit<ApiKey, 'name' | 'prefix' | 'scopes' | 'rotatedTo' | 'version' | 'user' | 'organization'>
>;
