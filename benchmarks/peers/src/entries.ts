import type { EntryRow } from 'bench-layer';

/** The balance after an amount, both bigints as text. */
export function addAmounts(balance: string, amount: string): string {
  return String(BigInt(balance) + BigInt(amount));
}

/** A member with its user inside, from a row in which the member's columns have names of their own. */
export function nestUser<
  Row extends {
    readonly membershipId: string;
    readonly organizationId: string;
    readonly role: string;
    readonly joinedAt: Date;
  },
>({ membershipId, organizationId, role, joinedAt, ...user }: Row): object {
  return { id: membershipId, organizationId, role, joinedAt, user };
}

/** An entry by the names of its columns. */
export function toColumns({ userId, amount, note, createdAt }: EntryRow) {
  return { user_id: userId, amount, note, created_at: createdAt };
}
