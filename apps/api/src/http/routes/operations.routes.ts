import type { Metrics } from '@holdfast/observability';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { STRAINS, type Strain } from '../../list-strains';
import type { Readiness } from '../../probe-readiness';
import { TAGS } from '../documentation';

export interface OperationsParts {
  readonly metrics: Metrics;
  readonly probe: () => Promise<Readiness>;
  readonly listStrains: () => readonly Strain[];
  readonly isDraining: () => boolean;
}

/** Routes that answer also while the service goes down. */
export const OPERATIONS_ROUTES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

const alive = z.object({ status: z.literal('alive') });
const ready = z.object({
  status: z.enum(['ready', 'degraded']),
  reasons: z
    .array(z.enum(STRAINS))
    .optional()
    .meta({ description: 'Why it serves less well than it could, where it is degraded.' }),
  pool: z
    .literal('busy')
    .optional()
    .meta({ description: 'Requests held every connection, so that the database was not asked.' }),
});
const notReady = z.object({
  status: z.literal('not-ready'),
  reason: z.enum(['database', 'shutting-down']),
});

/** What an orchestrator and a monitor ask. */
export function operationsRoutes({
  metrics,
  probe,
  listStrains,
  isDraining,
}: OperationsParts): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/livez',
      {
        schema: {
          tags: [TAGS.operations],
          summary: 'Is the process alive?',
          description: 'Answers 200 while the process runs, whatever the state of the database.',
          response: { 200: alive },
        },
      },
      async (_request, reply) => reply.code(200).send({ status: 'alive' }),
    );
    app.get(
      '/readyz',
      {
        schema: {
          tags: [TAGS.operations],
          summary: 'Can it serve requests?',
          description:
            'Answers 200 when the database answered a probe, 503 when it did not or the service shuts down. ' +
            'When requests hold every connection, it answers 200 and says that the pool is busy. `degraded` is 200 as ' +
            'well: it serves, but not as well as it could.',
          response: { 200: ready, 503: notReady },
        },
      },
      async (_request, reply) => {
        if (isDraining()) return reply.code(503).send({ status: 'not-ready', reason: 'shutting-down' });
        try {
          const readiness = await probe();
          const busy = readiness === 'pool-busy' ? { pool: 'busy' as const } : {};
          const reasons = [...listStrains()];
          const answer =
            reasons.length > 0 ? { status: 'degraded' as const, reasons } : { status: 'ready' as const };
          return reply.code(200).send({ ...answer, ...busy });
        } catch {
          return reply.code(503).send({ status: 'not-ready', reason: 'database' });
        }
      },
    );
    app.get(
      '/metrics',
      {
        schema: {
          tags: [TAGS.operations],
          summary: 'Metrics for Prometheus',
          response: {
            200: { description: 'Prometheus text format', content: { 'text/plain': { schema: z.string() } } },
          },
        },
      },
      async (_request, reply) =>
        reply
          .code(200)
          .type(metrics.contentType)
          .serializer((text: string) => text)
          .send(await metrics.render()),
    );
  };
}
