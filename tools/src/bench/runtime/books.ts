import { withClient } from '../../measurement/with-client';
import { START_BALANCE } from './schema';

/** What the ways have reported. */
export interface Reported {
  /** Transactions that were committed. */
  transactions: number;
}

/** Asks the books whether every transaction that was reported was applied once, and nothing besides. */
export async function findMisapplied(url: string, { transactions }: Reported): Promise<readonly string[]> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ entries: number; unbalanced: number }>(
      `
      SELECT
        (SELECT count(*)::integer FROM entries) AS entries,
        count(*) FILTER (WHERE balance <> $1 + coalesce(amount, 0))::integer AS unbalanced
      FROM accounts
      LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM entries GROUP BY account_id) AS booked
        ON account_id = id
    `,
      [START_BALANCE],
    ),
  );
  const { entries = Number.NaN, unbalanced = Number.NaN } = rows[0] ?? {};
  return [
    ...(entries === transactions
      ? []
      : [`${transactions} transactions were reported, and ${entries} are there`]),
    ...(unbalanced === 0 ? [] : [`${unbalanced} accounts do not hold what their entries say`]),
  ];
}
