/** Fixed on purpose: these servers listen on the loopback address only and hold nothing but development data. */
export const credentials = Object.freeze({ user: 'holdfast', password: 'holdfast', database: 'holdfast' });

/** The connection URL of a database on a local server. */
export function renderUrl(port: number, database: string = credentials.database): string {
  return `postgresql://${credentials.user}:${credentials.password}@127.0.0.1:${port}/${database}`;
}

/**
 * The same server and user, another database. pg reads the name back with decodeURI, which leaves an escaped comma or
 * slash escaped, so only what encodeURI escapes may be escaped here.
 */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURI(database)}`;
  return changed.href;
}
