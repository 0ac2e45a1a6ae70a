import { outcomeLedger } from '@holdfast/postgres';
import { openHoldfastTeller, type Proofs } from './holdfast-teller';
import { openPlainTeller } from './plain-teller';
import type { Setting } from './setting';
import type { Teller } from './teller';

/** How transfers are made: each in a run of its own, through the same faults. */
export const WAYS = ['id', 'ledger', 'witness', 'unproved', 'plain'] as const;
export type Way = (typeof WAYS)[number];

export const TITLES = Object.freeze({
  id: "the transfer's id",
  ledger: 'a ledger',
  witness: 'the witness alone',
  unproved: 'no proof',
  plain: 'plain TypeORM',
}) satisfies Record<Way, string>;

const LEDGER = outcomeLedger();
const NOTHING: Proofs = Object.freeze({ withCommit: false, witness: false, id: false, ledger: undefined });

/** The statement that makes the table of the ledger, for every run alike. */
export const LEDGER_STATEMENT = LEDGER.createStatement;

/**
 * Opens the client of a number, from 0. Where transfers leave a token, every second client has no witness: the token then
 * has to prove everything, and not only what a crash has left open. Of both, every second client sends its writes with COMMIT.
 */
export function openTeller(way: Way, client: number, url: string, setting: Setting): Promise<Teller> {
  const hasWitness = client % 2 === 0;
  const form = { ...NOTHING, withCommit: client % 4 >= 2 };
  switch (way) {
    case 'id':
      return openHoldfastTeller(url, { ...form, witness: hasWitness, id: true }, setting);
    case 'ledger':
      return openHoldfastTeller(url, { ...form, witness: hasWitness, ledger: LEDGER }, setting);
    case 'witness':
      return openHoldfastTeller(url, { ...form, witness: true }, setting);
    case 'unproved':
      return openHoldfastTeller(url, form, setting);
    case 'plain':
      return openPlainTeller(url);
    default:
      return way satisfies never;
  }
}
