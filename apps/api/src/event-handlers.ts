import { type EventHandler, OrganizationActivityRepository } from '@holdfast/db';

/**
 * What follows from every event, of whatever type: it is counted for its organization, in the transaction that marks it as done, and so
 * exactly once, whichever worker ends when.
 */
export const handleEvent: EventHandler = (event, { manager }) =>
  new OrganizationActivityRepository(manager).count(event);
