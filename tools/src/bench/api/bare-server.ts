import { createHmac, randomUUID } from 'node:crypto';
import fastify, { type FastifyRequest } from 'fastify';
import { Pool } from 'pg';

/**
 * The rival, in a process of its own: fastify and node-postgres and what has to be done, by hand. No validation, no deadline, no
 * retry, no log, no metrics.
 */
const { DATABASE_URL = '', POOL_SIZE = '10', API_KEY_PEPPER = '', KEYS = '' } = process.env;
/** Whether the key is asked for with the statement, and not by one of its own. */
const isJoined = KEYS === 'joined';

const pool = new Pool({ connectionString: DATABASE_URL, max: Number(POOL_SIZE) });
const app = fastify({ logger: false });

const USABLE = `status = 'active' and (expires_at is null or expires_at > now())`;
const KEY = {
  name: 'key',
  text: `select id, organization_id, scopes from api_keys where key_hash = $1 and ${USABLE}`,
};

function hashOf({ headers }: FastifyRequest): Buffer {
  const [, text = ''] = headers.authorization?.split(' ') ?? [];
  return createHmac('sha256', API_KEY_PEPPER).update(text).digest();
}

if (!isJoined) {
  app.addHook('onRequest', async (request, reply) => {
    const { rows } = await pool.query({ ...KEY, values: [hashOf(request)] });
    if (rows.length === 0) return reply.code(401).send();
  });
}

/** Whether the key in a parameter can be used, for a scope. Whoever is refused would have to be told why by another statement. */
const withKey = (parameter: string, scope: string): string =>
  isJoined
    ? `exists (select from api_keys where key_hash = ${parameter} and ${USABLE} and '${scope}' = any (scopes))`
    : 'true';
const keyOf = (request: FastifyRequest): Buffer[] => (isJoined ? [hashOf(request)] : []);

const READ = {
  name: 'read',
  text: `select id, aggregate_type as "aggregateType", aggregate_id as "aggregateId", aggregate_version as "aggregateVersion",
                global_position as "globalPosition", event_type as "eventType", event_timestamp as "eventTimestamp",
                organization_id as "organizationId", user_id as "userId", correlation_id as "correlationId",
                idempotency_key as "idempotencyKey", tags, payload, created_at as "createdAt"
         from events where id = $1 and ${withKey('$2', 'events:read')}`,
};

app.get('/v1/events/:id', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
  const { rows } = await pool.query({ ...READ, values: [request.params.id, ...keyOf(request)] });
  return rows.length === 0 ? reply.code(404).send() : rows[0];
});

interface AppendBody {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly expectedVersion: number;
  readonly events: readonly [{ readonly eventType: string; readonly payload: object }];
}

const APPEND = {
  name: 'append',
  text: `insert into events (aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp, tags, payload)
         select $1, $2::uuid, $3, $4::integer + 1, $5, now(), '{}', $6
         where ${withKey('$7', 'events:append')} and $4::integer = coalesce(
           (select max(aggregate_version) from events where aggregate_type = $1 and aggregate_id = $2::uuid), 0)
         returning id, aggregate_version as "aggregateVersion", global_position as "globalPosition"`,
};

app.post('/v1/events', async (request: FastifyRequest<{ Body: AppendBody }>, reply) => {
  const { body } = request;
  const [{ eventType, payload }] = body.events;
  const values = [
    body.aggregateType,
    body.aggregateId,
    randomUUID(),
    body.expectedVersion,
    eventType,
    payload,
    ...keyOf(request),
  ];
  const { rows } = await pool.query({ ...APPEND, values });
  return rows.length === 0 ? reply.code(409).send() : reply.code(201).send({ appended: true, events: rows });
});

process.once('SIGTERM', async () => {
  await app.close();
  await pool.end();
  process.exit(0);
});

void app.listen({ host: '127.0.0.1', port: 0 }).then((address) => {
  process.stdout.write(`${address}\n`);
});
