import { setImmediate } from 'node:timers/promises';
import { requireKnownOptions, requireNumber } from '@holdfast/resilience';
import type { ClientBase } from 'pg';
import type { EntityTarget, ObjectLiteral, QueryRunner } from 'typeorm';
import type { BulkRow, Property } from './bulk-row';
import { readTarget } from './bulk-target';
import { describeCopyFailure } from './copy-failure';
import { CopyFormat } from './copy-format';
import { CopySink } from './copy-sink';
import { findWritableColumns } from './find-columns';
import { Interruption } from './interruption';
import { requireRowSource, requireSignal } from './require-arguments';
import { RowSource } from './row-source';
import { type ManagerSource, withRunner } from './run-statements';
import { readWritableTable } from './writable-table';

/** How rows are copied. */
export interface CopyInOptions<Name extends string> {
  /** Properties to write. Default: those that the first row gives. */
  readonly columns?: readonly Name[];
  /** Text gathered before it is sent: an integer of at least 1, in characters. Default 65 536. */
  readonly chunkCharacters?: number;
  /** Ends the COPY; nothing is written then. Once the last row is sent, only the server's answer counts. */
  readonly signal?: AbortSignal;
}

/** How many rows were copied. */
export interface CopyInResult {
  readonly copied: number;
}

export const COPY_IN_DEFAULTS = Object.freeze({ chunkCharacters: 65_536 });

/**
 * The rows are in the table, all or none, by a single COPY: the fastest way in, and memory does not grow with their
 * number. Runs in the manager's transaction when there is one.
 *
 * Rows are pulled only as fast as the server takes them. Values are written as by `insertMany`; every row must give the
 * same columns. The source is closed (`return`) when the COPY ends early. No rows, no statement.
 *
 * Afterwards the connection can be used, save that a transaction is aborted by a failure, or it is closed: always so
 * when the COPY is ended while the server still waits for a lock on the table.
 *
 * @throws BulkRowError for a row that cannot be written; CopyFailedError with the number of the row that the server
 * refused; BulkColumnTypeError; InvalidOptionError, also for arguments of a wrong kind; DataSourceNotOpenError; the
 * source's own error; the signal's reason.
 */
export async function copyIn<Entity extends ObjectLiteral>(
  source: ManagerSource,
  entity: EntityTarget<Entity>,
  rows: Iterable<BulkRow<Entity>> | AsyncIterable<BulkRow<Entity>>,
  options: CopyInOptions<Property<Entity>> = {},
): Promise<CopyInResult> {
  requireKnownOptions('copyIn', options, ['columns', 'chunkCharacters', 'signal']);
  const { columns, chunkCharacters, signal } = { ...COPY_IN_DEFAULTS, ...options };
  requireNumber('chunkCharacters', chunkCharacters, { min: 1, integer: true });
  requireSignal(signal);
  requireRowSource(rows);
  const { manager, metadata } = readTarget(source, entity);
  const table = readWritableTable(metadata);
  const named = columns && findWritableColumns(metadata, 'columns', columns);
  signal?.throwIfAborted();

  const interruption = new Interruption();
  const onAbort = () => interruption.interrupt(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const producer = new RowSource<object>(rows, interruption);
  try {
    const first = await producer.pull();
    if (first.done) return { copied: 0 };
    const format = new CopyFormat(table, named, first.value);
    const copied = await withRunner(manager, async (runner) => {
      const sink = await openSink(runner, format, interruption);
      try {
        return await copy(sink, format, producer, first, interruption, chunkCharacters);
      } catch (error) {
        await sink.abandon();
        throw error === sink.failure ? describeCopyFailure(metadata, error as Error) : error;
      }
    });
    return { copied };
  } catch (error) {
    await producer.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function openSink(
  runner: QueryRunner,
  format: CopyFormat,
  interruption: Interruption,
): Promise<CopySink> {
  const client: ClientBase = await runner.connect();
  interruption.throwIfInterrupted();
  runner.dataSource.logger.logQuery(format.statement, [], runner);
  return new CopySink(client, format.statement, interruption);
}

async function copy(
  sink: CopySink,
  format: CopyFormat,
  producer: RowSource<object>,
  first: IteratorResult<object>,
  interruption: Interruption,
  chunkCharacters: number,
): Promise<number> {
  let text = '';
  let number = 0;
  let next = first;
  while (!next.done) {
    number += 1;
    text += format.renderRow(next.value, number);
    if (text.length >= chunkCharacters) {
      await sink.write(Buffer.from(text));
      text = '';
      // A fast server never makes a write wait, and then neither its refusal nor an abort would be heard of.
      await setImmediate();
      interruption.throwIfInterrupted();
    }
    const pulled = producer.pull();
    next = 'then' in pulled ? await pulled : pulled;
  }
  if (text !== '') await sink.write(Buffer.from(text));
  return sink.finish();
}
