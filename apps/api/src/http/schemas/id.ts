import { z } from 'zod';

/** The id of anything: a UUID of whatever version, as PostgreSQL takes it. */
export const id = z.guid();

export const organizationId = id.meta({ examples: ['0190f6b2-7f3c-7c3e-9d2a-1f6d0c9b8a71'] });
export const userId = id.meta({ examples: ['0190f6b3-1a2b-7c3e-8d2a-2f6d0c9b8a72'] });
export const aggregateId = id.meta({ examples: ['0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73'] });
export const correlationId = id.meta({
  description: 'Joins the events of one operation across aggregates.',
  examples: ['0190f6b6-7a8b-7c3e-8d2a-5f6d0c9b8a75'],
});

/** Path parameters of a route that names one thing by its id. */
export const idParams = z.strictObject({ id });
