import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createDatabaseError, ScriptedDatabase } from '../test/database-source';
import { type DatabaseSpansOptions, traceDatabase } from './database-spans';

const server = { serverAddress: 'db.internal', serverPort: 6432, databaseName: 'shop' };

/** A traced database, and the spans that the real SDK exported. */
function openTrace(options: Partial<DatabaseSpansOptions> = {}) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const database = new ScriptedDatabase();
  const leave = traceDatabase(database, { ...server, ...options });
  return { database, provider, leave, read: () => exporter.getFinishedSpans() };
}

function readOnly(spans: readonly ReadableSpan[]): ReadableSpan {
  const [span, ...others] = spans;
  if (span === undefined || others.length > 0) throw new Error(`there are ${spans.length} spans`);
  return span;
}

const toMs = ([seconds, nanoseconds]: readonly [number, number]) => seconds * 1_000 + nanoseconds / 1e6;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => trace.disable());
afterAll(() => context.disable());

describe('traceDatabase', () => {
  it('makes a client span of a statement by the conventions', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    database.runStatement({ waitMs: 250 });
    const span = readOnly(read());
    expect(span.name).toBe('SELECT shop');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'db.operation.name': 'SELECT',
      'db.query.text': 'SELECT * FROM users WHERE id = $1',
      'db.client.connection.pool.name': 'primary',
      'server.address': 'db.internal',
      'server.port': 6432,
      'holdfast.connection.wait_time': 0.25,
    });
  });

  it('starts and ends when the statement did', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    const startedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    database.runStatement({ startedAtMs, durationMs: 12.5 });
    const span = readOnly(read());
    expect(toMs(span.startTime)).toBeCloseTo(startedAtMs, 1);
    expect(toMs(span.endTime) - toMs(span.startTime)).toBeCloseTo(12.5, 1);
  });

  it('is a child of what was active where the statement was run, also after awaits', async () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    const tracer = provider.getTracer('test');
    await Promise.all(
      ['one', 'other'].map((name) =>
        tracer.startActiveSpan(name, async (request) => {
          await new Promise(setImmediate);
          database.runStatement({ text: `SELECT '${name}'`, operation: name === 'one' ? 'SELECT' : 'SHOW' });
          await new Promise(setImmediate);
          database.runTransaction();
          request.end();
        }),
      ),
    );
    database.runStatement({ operation: 'BEGIN' });

    const spans = read();
    const idOf = (name: string) => spans.find((span) => span.name === name)?.spanContext();
    const parentOf = (name: string) => spans.find((span) => span.name === name)?.parentSpanContext;
    expect(parentOf('SELECT shop')).toMatchObject({
      spanId: idOf('one')?.spanId,
      traceId: idOf('one')?.traceId,
    });
    expect(parentOf('SHOW shop')?.spanId).toBe(idOf('other')?.spanId);
    expect(idOf('one')?.spanId).not.toBe(idOf('other')?.spanId);
    expect(
      spans
        .filter(({ name }) => name === 'unit of work')
        .map(({ parentSpanContext }) => parentSpanContext?.spanId),
    ).toEqual([idOf('one')?.spanId, idOf('other')?.spanId]);
    // The control: outside of a span there is no parent.
    expect(parentOf('BEGIN shop')).toBeUndefined();
  });

  it('marks a failure with its code and nothing of its message or parameters', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    database.runStatement({ error: createDatabaseError('23505') });
    const { status, attributes, events } = readOnly(read());
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
    expect(attributes).toMatchObject({ 'error.type': '23505', 'db.response.status_code': '23505' });
    expect(JSON.stringify([status, attributes, events])).not.toContain('ada');
  });

  it('gives no status code of the server to an error that the server did not answer with', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    database.runStatement({ error: createDatabaseError('ECONNRESET') });
    const { attributes } = readOnly(read());
    expect(attributes['error.type']).toBe('ECONNRESET');
    expect(attributes).not.toHaveProperty(['db.response.status_code']);
  });

  it('shows no literal of a statement that has no parameters', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    database.runStatement({ text: "SELECT * FROM users WHERE email = 'ada@example.org' LIMIT 1" });
    expect(readOnly(read()).attributes['db.query.text']).toBe('SELECT * FROM users WHERE email = ? LIMIT ?');
  });

  it('leaves the text out when told to', () => {
    const { database, provider, read } = openTrace({ queryText: false });
    trace.setGlobalTracerProvider(provider);
    database.runStatement();
    expect(readOnly(read()).attributes).not.toHaveProperty(['db.query.text']);
  });

  it('names few spans, whatever the text begins with', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    database.runStatement({ text: '/*42*/ SELECT 1' });
    expect(readOnly(read()).name).toBe('OTHER shop');
  });

  it('names the server of a replica, and none for a pool it does not know', () => {
    const { database, provider, read } = openTrace({
      replicas: { 'replica-1': { serverAddress: 'replica.internal', serverPort: 5432 } },
    });
    trace.setGlobalTracerProvider(provider);
    for (const pool of ['replica-1', 'replica-2']) database.runStatement({ pool });
    expect(read().map(({ attributes }) => attributes['server.address'])).toEqual([
      'replica.internal',
      undefined,
    ]);
  });

  it('makes an internal span of a unit of work, with its outcome', () => {
    const { database, provider, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    const error = createDatabaseError('08006');
    database.runTransaction({
      outcome: 'unknown',
      attempts: 3,
      durationMs: 40,
      resolvedBy: 'witness',
      error,
    });
    const span = readOnly(read());
    expect(span).toMatchObject({ name: 'unit of work', kind: SpanKind.INTERNAL });
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({
      'db.namespace': 'shop',
      'holdfast.transaction.outcome': 'unknown',
      'holdfast.transaction.attempts': 3,
      'holdfast.transaction.resolved_by': 'witness',
      'error.type': '08006',
    });
    expect(toMs(span.endTime) - toMs(span.startTime)).toBeCloseTo(40, 1);
  });

  it('does not even look at a statement while there is no provider', () => {
    const { database, provider, read } = openTrace();
    let looks = 0;
    const statement = {
      pool: 'primary',
      text: 'SELECT 1',
      operation: 'SELECT',
      startedAtMs: Date.now(),
      durationMs: 1,
      waitMs: 0,
    };
    const watched = new Proxy(statement, {
      get(target, field) {
        looks += 1;
        return Reflect.get(target, field);
      },
    });
    database.tell('operation', watched);
    database.tell('transaction', watched);
    expect(looks).toBe(0);
    expect(read()).toEqual([]);
    // The control: with a provider the same statement is looked at.
    trace.setGlobalTracerProvider(provider);
    database.tell('operation', watched);
    expect(looks).toBeGreaterThan(0);
    expect(read()).toHaveLength(1);
  });

  it('uses the tracer it was given, without any global provider', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const database = new ScriptedDatabase();
    traceDatabase(database, { ...server, tracer: provider.getTracer('own') });
    database.runStatement();
    expect(readOnly(exporter.getFinishedSpans()).instrumentationScope.name).toBe('own');
  });

  it('ends', () => {
    const { database, provider, leave, read } = openTrace();
    trace.setGlobalTracerProvider(provider);
    leave();
    database.runStatement();
    database.runTransaction();
    expect(read()).toEqual([]);
    expect(database.listeners).toBe(0);
  });
});
