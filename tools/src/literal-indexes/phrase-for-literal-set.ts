const HASHED =
  /uuid_hash_extended\([^=]*\) = uuid_hash_extended\([^=]*?\)\s+and coalesce\((?<keys>[^()]*), false\)/i;

/**
 * The same question in the words that the literal set can answer: an owner and a type are one hash in the indexes that
 * ship, and two keys in the literal ones. All else is asked alike.
 *
 * @throws Error for a hash in words that it does not know, so that the literal set is not measured with what it cannot answer.
 */
export function phraseForLiteralSet(sql: string): string {
  const phrased = sql.replace(HASHED, '$<keys>');
  if (phrased.includes('uuid_hash_extended'))
    throw new Error('a hash cannot be put into the words of the literal set');
  return phrased;
}
