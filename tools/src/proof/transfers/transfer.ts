import { createRandom } from '../random';
import type { Setting } from './setting';

/** Money from one account to another. */
export interface Transfer {
  /** Unique. The table does not enforce it: a transfer that is applied twice shall be seen. */
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  /** It asks for more than all accounts hold together. */
  readonly isRefused: boolean;
}

const LARGEST_AMOUNT = 100;

/** Draws the transfers of a run: the same for the same seed, in every run. */
export function drawTransfers(setting: Setting): readonly Transfer[] {
  const { seed, transfers, accounts, startBalance, refusedShare } = setting;
  const random = createRandom(seed, 'transfers');
  const draw = (below: number): number => Math.floor(random() * below);
  return Array.from({ length: transfers }, (_, at) => {
    const from = 1 + draw(accounts);
    // Any of the others.
    const to = 1 + ((from + draw(accounts - 1)) % accounts);
    const isRefused = random() < refusedShare;
    const amount = isRefused ? accounts * startBalance + 1 : 1 + draw(LARGEST_AMOUNT);
    return { id: at + 1, from, to, amount, isRefused };
  });
}
