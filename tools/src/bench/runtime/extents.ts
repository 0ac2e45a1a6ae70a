/** How much of one comparison is measured. */
interface Extent {
  readonly rounds: number;
  readonly batchMs: number;
  readonly warmupMs: number;
}

/** How much is measured of each. */
export interface Extents {
  readonly lookUps: Extent;
  readonly crowdedLookUps: Extent;
  readonly oneTick: Extent;
  readonly acquisitions: Extent;
  readonly bulk: { readonly rounds: number };
  readonly transactions: Extent;
  readonly crowdedTransactions: Extent;
}

/**
 * Short batches, so that those of one round see the same machine; many, as it is never quiet. A layer that is thick takes
 * ten thousands of calls until all of it is compiled for good.
 */
export const FULL_EXTENTS: Extents = Object.freeze({
  lookUps: { rounds: 400, batchMs: 4, warmupMs: 2000 },
  crowdedLookUps: { rounds: 250, batchMs: 4, warmupMs: 1000 },
  oneTick: { rounds: 200, batchMs: 4, warmupMs: 500 },
  acquisitions: { rounds: 300, batchMs: 2, warmupMs: 300 },
  bulk: { rounds: 100 },
  transactions: { rounds: 300, batchMs: 5, warmupMs: 2500 },
  crowdedTransactions: { rounds: 150, batchMs: 5, warmupMs: 1000 },
});

export const QUICK_EXTENTS: Extents = Object.freeze({
  lookUps: { rounds: 40, batchMs: 3, warmupMs: 100 },
  crowdedLookUps: { rounds: 15, batchMs: 3, warmupMs: 100 },
  oneTick: { rounds: 15, batchMs: 3, warmupMs: 100 },
  acquisitions: { rounds: 30, batchMs: 1, warmupMs: 50 },
  bulk: { rounds: 5 },
  transactions: { rounds: 30, batchMs: 4, warmupMs: 100 },
  crowdedTransactions: { rounds: 6, batchMs: 5, warmupMs: 100 },
});
