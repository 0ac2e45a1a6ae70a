/** A LIKE pattern for "contains the text": what LIKE would read as a wildcard is taken literally. */
export function likeContaining(text: string): string {
  return `%${escapeLike(text)}%`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
}
