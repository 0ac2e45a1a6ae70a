import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Console } from '../../console/console';
import type { Database } from '../../database';
import { NotFoundError } from '../../use-cases/not-found-error';
import { replayDeadLetter } from '../../use-cases/replay-dead-letter';
import { CrossSiteError, isFromElsewhere } from '../cross-site';
import { idParams } from '../schemas/id';

export interface ConsoleRoutesParts {
  readonly console: Console;
  readonly database: Database;
}

/** The page loads what is here, speaks to where it came from, and stands in no frame. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = Object.freeze({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
});

const FILES = Object.freeze([
  { route: '/console', file: 'index.html', type: 'text/html; charset=utf-8' },
  { route: '/console/console.css', file: 'console.css', type: 'text/css; charset=utf-8' },
  ...['console', 'session', 'sections', 'overview', 'schema-sections', 'chart', 'elements'].map((module) => ({
    route: `/console/${module}.mjs`,
    file: `${module}.mjs`,
    type: 'text/javascript; charset=utf-8',
  })),
]);
const FOLDER = join(__dirname, '..', '..', 'console', 'page');

const statementParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{12}$/) });

/** What the page is made of, without a figure in it. */
export const CONSOLE_FILES: readonly string[] = FILES.map(({ route }) => route);

/** Routes of the console that answer also while the service goes down. */
export const CONSOLE_READS: readonly string[] = [...CONSOLE_FILES, '/console/data'];

/** The page for whoever is on call, and what it asks. */
export function consoleRoutes({ console: board, database }: ConsoleRoutesParts): FastifyPluginAsyncZod {
  return async (app) => {
    // Not for clients of the service, so not in its document.
    const schema = { hide: true } as const;
    const config = { scope: 'operate' } as const;
    app.addHook('onRequest', async ({ method, headers }, reply) => {
      reply.headers(HEADERS);
      // A page from elsewhere could have whoever is on call press a button.
      if (method !== 'GET' && isFromElsewhere(headers)) throw new CrossSiteError();
    });
    for (const { route, file, type } of FILES) {
      const content = readFileSync(join(FOLDER, file), 'utf8');
      app.get(route, { schema }, async (_request, reply) =>
        reply
          .type(type)
          .serializer((text: string) => text)
          .send(content),
      );
    }
    app.get('/console/data', { schema, config }, async (_request, reply) =>
      reply.header('cache-control', 'no-store').send(await board.read()),
    );
    app.post('/console/doctor', { schema, config }, async (_request, reply) =>
      reply.code(202).send(board.askDoctor()),
    );
    app.post(
      '/console/statements/:id/plan',
      { config, schema: { ...schema, params: statementParams } },
      async (request, reply) => {
        const { id } = request.params;
        const plan = await board.explain(id);
        if (plan === undefined) throw new NotFoundError('statement', id);
        return reply.send({ plan });
      },
    );
    app.post(
      '/console/dead-letters/:id/replay',
      { config, schema: { ...schema, params: idParams } },
      async (request, reply) => {
        await replayDeadLetter(database, request.params.id);
        board.forgetEvents();
        return reply.code(204).send();
      },
    );
  };
}
