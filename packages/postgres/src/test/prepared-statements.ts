import type { PoolClient } from 'pg';
import { deriveName } from '../statements/seen-texts';

/** Reads the texts that a connection holds under names of ours, as the server sees them, in alphabetical order. */
export async function readHeldTexts(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT statement FROM pg_prepared_statements WHERE name LIKE 'hf\\_%' ORDER BY statement COLLATE "C"`,
  );
  return rows.map(({ statement }) => statement);
}

/** Reads the texts that node-postgres believes the connection to hold under names of ours, in alphabetical order. */
export function readNotedTexts(client: PoolClient): string[] {
  const { connection } = client as unknown as {
    readonly connection: { readonly parsedStatements: Record<string, string> };
  };
  return Object.values(connection.parsedStatements).toSorted();
}

/** Uses a statement until the connection holds it under its name. */
export async function prepare(client: PoolClient, text: string, values: unknown[]): Promise<void> {
  await client.query(text, values);
  await client.query(text, values);
  const { rows } = await client.query(
    `SELECT FROM pg_prepared_statements WHERE name = '${deriveName(text)}'`,
  );
  if (rows.length !== 1) throw new Error('The statement was not prepared');
}
