const NAMED = 5;

/** Names for a sentence: the first few, and how many more. */
export function renderNames(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}

/**
 * In one sentence, or none where nothing is hidden: of which tables this role may not see the statistics that ANALYZE
 * has gathered, and what would let it.
 */
export function explainHidden(tables: readonly string[]): string[] {
  if (tables.length === 0) return [];
  return [
    `The statistics of ${renderNames([...new Set(tables)])} are hidden from this role; SELECT on every column or ` +
      'membership in pg_read_all_data shows them, and where row security applies, BYPASSRLS does.',
  ];
}
