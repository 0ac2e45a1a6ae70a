/** With the flag `u` a whole surrogate pair is one character, so that only half of one matches. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Asks whether a text survives the way to the database: half of a surrogate pair has no encoding in UTF-8. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
