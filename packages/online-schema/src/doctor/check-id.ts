/** Everything that the doctor looks for, in the order in which it looks. */
export const CHECK_IDS = [
  'invalid-index',
  'not-ready-index',
  'corruption',
  'collation-version',
  'sequence-exhaustion',
  'integer-exhaustion',
  'constraint-not-valid',
  'rebuild-remains',
  'duplicate-index',
  'prefix-redundant',
  'skip-scan-subsumed',
  'desc-nulls-first',
  'foreign-key-without-index',
  'missing-index',
  'unused-index',
  'low-cardinality-lead',
  'null-heavy',
  'btree-on-array',
  'expression-without-statistics',
  'hot-breaker',
  'never-analysed',
  'bloat',
  'index-larger-than-heap',
  'drift',
] as const;

/** Names a check: in `--only`, in what a declaration accepts, and of its page in docs/doctor. */
export type CheckId = (typeof CHECK_IDS)[number];
