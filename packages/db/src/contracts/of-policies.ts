/** What policies add to the pages of a question: each of them looks up whose key asks, once for a statement. */
export const OF_POLICIES = 'whose key asks is looked up by its hash, four pages for each policy';
