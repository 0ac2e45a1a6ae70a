import { z } from 'zod';

/** An answer without a body: `null` to OpenAPI, which therefore names no content, and to a route nothing at all. */
const nothing = (description: string) =>
  z.null().meta({ description }) as z.ZodType<unknown> as z.ZodType<undefined>;

export const noContent = nothing('Done; there is nothing to say.');
export const notModified = nothing('It is still what `If-None-Match` names.');
