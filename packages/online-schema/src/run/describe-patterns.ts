import { relative } from 'node:path';

/**
 * Why an option of the DataSource that lists classes or patterns of files gave none, as the end of a sentence that
 * begins with the option's name.
 */
export function describePatterns(option: unknown): string {
  const entries = option instanceof Object ? Object.values(option) : [];
  const patterns = entries.filter((one) => typeof one === 'string').map(nearby);
  if (patterns.length === 0) return 'names none';
  return `matches no built file that has one: ${patterns.join(', ')}`;
}

function nearby(pattern: string): string {
  const near = relative(process.cwd(), pattern);
  return near.startsWith('..') ? pattern : near;
}
