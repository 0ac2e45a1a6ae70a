import { InvalidOptionError } from '@holdfast/resilience';

/**
 * Refuses what cannot be a connection URL before anybody connects with it: node-postgres takes nearly everything for one,
 * and looks for a server somewhere. The text itself is not told, because it may hold a password.
 * @throws InvalidOptionError
 */
export function requireUrl(option: string, url: unknown): string {
  const isUrl = typeof url === 'string' && /^postgres(?:ql)?:\/\//i.test(url) && URL.canParse(url);
  if (isUrl) return url;
  const kind = typeof url === 'string' ? 'a text of another form' : url;
  throw new InvalidOptionError(option, kind, 'a URL, as postgres://user:password@host:port/database');
}
