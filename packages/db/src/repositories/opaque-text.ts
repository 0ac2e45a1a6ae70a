import type { z } from 'zod';

/** Renders values as a text that callers keep and give back unchanged, such as a cursor. */
export function renderOpaque(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Reads them. @throws SyntaxError or ZodError for a text that was not made of such values. */
export function readOpaque<Values>(text: string, schema: z.ZodType<Values>): Values {
  return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
}
