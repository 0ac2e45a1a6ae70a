/** With the flag `u` a whole surrogate pair is one character, so that only half of one matches. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Refuses a text that is empty, too long, or that the driver would silently change. */
export function requireText(
  path: string,
  text: string,
  maxLength: number,
  refuse: (path: string, reason: string) => never,
): void {
  if (text.length < 1 || text.length > maxLength) {
    refuse(path, `of ${text.length} characters; allowed are 1 to ${maxLength}`);
  }
  // Outside of JSON the driver would silently replace it.
  if (LONE_SURROGATE.test(text)) refuse(path, 'holds half of a surrogate pair');
}
