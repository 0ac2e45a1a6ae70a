import { setImmediate } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { CopyFailedError } from './bulk-error';
import { COPY_IN_DEFAULTS } from './copy-in';
import { CopySink } from './copy-sink';
import { quoteIdentifier } from './identifier';
import { Interruption } from './interruption';
import { withRunner } from './run-statements';
import { renderArray, renderCopyField } from './text-value';

/** A table without an entity, as one that lasts for a transaction. */
export interface CopyTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** A value as text that PostgreSQL reads by the column's type, texts for an array of them, or null. */
export type CopyValue = string | readonly string[] | null;

/**
 * The rows are in the table, all or none, by a single COPY on the manager's connection. A row has a value for each column. For a
 * table that has an entity there is `copyIn`, which checks more.
 *
 * @throws CopyFailedError if the server refuses a row or the connection is lost; the table stands in place of the entity.
 */
export async function copyRows(
  manager: EntityManager,
  { table, columns }: CopyTable,
  rows: Iterable<readonly CopyValue[]>,
): Promise<number> {
  const statement = `COPY ${quoteIdentifier(table)} (${columns.map(quoteIdentifier).join(', ')}) FROM STDIN`;
  return withRunner(manager, async (runner) => {
    const client = await runner.connect();
    runner.dataSource.logger.logQuery(statement, [], runner);
    const interruption = new Interruption();
    const sink = new CopySink(client, statement, interruption);
    try {
      let text = '';
      for (const row of rows) {
        text += `${row.map(renderField).join('\t')}\n`;
        if (text.length < COPY_IN_DEFAULTS.chunkCharacters) continue;
        await sink.write(Buffer.from(text));
        text = '';
        // A fast server never makes a write wait, and then its refusal would not be heard of.
        await setImmediate();
        interruption.throwIfInterrupted();
      }
      if (text !== '') await sink.write(Buffer.from(text));
      return await sink.finish();
    } catch (error) {
      await sink.abandon();
      if (error !== sink.failure) throw error;
      throw new CopyFailedError(table, undefined, undefined, error as Error);
    }
  });
}

function renderField(value: CopyValue): string {
  return renderCopyField(value === null || typeof value === 'string' ? value : renderArray(value));
}
