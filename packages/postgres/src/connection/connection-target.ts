import pg from 'pg';

/** Where a connection goes. Has no password, so that it may be shown. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** Reads where node-postgres would connect to with this URL, its own defaults included. Opens nothing. */
export function readConnectionTarget(url: string): ConnectionTarget {
  try {
    const { host, port, database, user } = new pg.Client({ connectionString: url });
    return { host, port, database: database ?? '', user: user ?? '' };
  } catch {
    return { host: '', port: 0, database: '', user: '' };
  }
}

/** Query parameters of a connection URL that hold a secret. */
const SECRET_PARAMETERS = new Set(['password', 'sslpassword', 'sslkey']);
/** Anything else may have its password anywhere. */
const READABLE = /^postgres(?:ql)?:\/\//i;

/**
 * Renders a connection URL without its secrets. A URL that cannot be read with certainty, such as one whose password
 * contains an unescaped `#`, is hidden altogether.
 */
export function redactUrl(url: string): string {
  const hidden = 'postgres://***';
  if (!READABLE.test(url) || !URL.canParse(url)) return hidden;
  const parsed = new URL(url);
  if (parsed.hash !== '') return hidden;
  if (parsed.password !== '') parsed.password = '***';
  for (const name of [...parsed.searchParams.keys()]) {
    if (SECRET_PARAMETERS.has(name.toLowerCase())) parsed.searchParams.set(name, '***');
  }
  return parsed.href;
}
