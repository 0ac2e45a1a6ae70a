import {
  type Attributes,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { DatabaseEventSource, StatementReading, TransactionReading } from '../database/database-events';
import { createStatementDescriber } from '../database/describe-statement';
import { isSqlState, readErrorType } from '../database/error-type';
import { readOperationName } from '../database/operation-name';

/** Where a pool connects to. */
export interface ServerAddress {
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** The server named here is that of the pool `primary`. */
export interface DatabaseSpansOptions extends ServerAddress {
  readonly databaseName: string;
  /** Servers of the other pools, by name. Spans of a pool that is not here say nothing of a server. */
  readonly replicas?: Readonly<Record<string, ServerAddress>>;
  /** Whether spans show their statement. Default: true. */
  readonly queryText?: boolean;
  /** Default: that of the global provider, as soon as there is one. */
  readonly tracer?: Tracer;
}

const PRIMARY = 'primary';
const INSTRUMENTATION = '@holdfast/observability';
/** A bulk write names ten thousands of placeholders, and nobody reads more than the start of it. */
const MAX_STATEMENT_LENGTH = 4_000;
/** More than a service has; fewer than would weigh. */
const REMEMBERED_STATEMENTS = 500;

/**
 * Makes a span of every statement and of every unit of work, as a child of whatever is active where it was run. Names and
 * attributes are OpenTelemetry's stable conventions for PostgreSQL; `db.namespace` is the database alone, as the schema is
 * not known. `error.type` is the code of the error. Spans hold neither parameters nor messages of errors: both may hold
 * the values of rows.
 *
 * Each span is made when its work has ended, so the unit of work stands beside its statements and not above them.
 * Without a provider nothing is made.
 *
 * @returns what ends it.
 */
export function traceDatabase(source: DatabaseEventSource, options: DatabaseSpansOptions): () => void {
  const describe = createStatementDescriber(MAX_STATEMENT_LENGTH, REMEMBERED_STATEMENTS);
  const leaves = [
    source.on('operation', (statement) => {
      const tracer = options.tracer ?? findTracer();
      if (tracer !== undefined) recordStatement(tracer, statement, options, describe);
    }),
    source.on('transaction', (transaction) => {
      const tracer = options.tracer ?? findTracer();
      if (tracer !== undefined) recordTransaction(tracer, transaction, options);
    }),
  ];
  return () => {
    for (const leave of leaves) leave();
  };
}

/**
 * The tracer of the global provider, or undefined while there is none. The tracer that the API gives out then takes spans
 * and drops them, but what is put into a span would have been made before.
 */
function findTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider
    ? provider.getDelegateTracer(INSTRUMENTATION)
    : provider.getTracer(INSTRUMENTATION);
}

function recordStatement(
  tracer: Tracer,
  statement: StatementReading,
  options: DatabaseSpansOptions,
  describe: (text: string) => string,
): void {
  const operation = readOperationName(statement.operation);
  const { startedAtMs: startTime, durationMs, text, waitMs, error } = statement;
  const span = tracer.startSpan(`${operation} ${options.databaseName}`, {
    kind: SpanKind.CLIENT,
    startTime,
    // At the start, where a sampler reads them.
    attributes: {
      ...describePool(statement.pool, options),
      'db.operation.name': operation,
      ...(options.queryText === false ? {} : { 'db.query.text': describe(text) }),
      ...(waitMs > 0 ? { 'holdfast.connection.wait_time': waitMs / 1_000 } : {}),
    },
  });
  if (error !== undefined) markFailed(span, error);
  span.end(startTime + durationMs);
}

function recordTransaction(
  tracer: Tracer,
  { pool, outcome, attempts, durationMs, resolvedBy, error }: TransactionReading,
  options: DatabaseSpansOptions,
): void {
  const endTime = Date.now();
  const span = tracer.startSpan('unit of work', {
    kind: SpanKind.INTERNAL,
    startTime: endTime - durationMs,
    attributes: {
      ...describePool(pool, options),
      'holdfast.transaction.outcome': outcome,
      'holdfast.transaction.attempts': attempts,
      ...(resolvedBy === undefined ? {} : { 'holdfast.transaction.resolved_by': resolvedBy }),
    },
  });
  if (error !== undefined) markFailed(span, error);
  span.end(endTime);
}

function describePool(pool: string, options: DatabaseSpansOptions): Attributes {
  const server = pool === PRIMARY ? options : options.replicas?.[pool];
  return {
    'db.system.name': 'postgresql',
    'db.namespace': options.databaseName,
    'db.client.connection.pool.name': pool,
    ...(server && { 'server.address': server.serverAddress, 'server.port': server.serverPort }),
  };
}

function markFailed(span: Span, error: unknown): void {
  const errorType = readErrorType(error);
  span.setAttribute('error.type', errorType);
  if (isSqlState(errorType)) span.setAttribute('db.response.status_code', errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
