import type { Environment, Variables } from './environment';
import type { SettingsProblem } from './settings-error';

/** The server that `npm run db:start` and `npm start` bring up; only outside of staging and production. */
export const LOCAL_DATABASE_URL = 'postgres://holdfast:holdfast@127.0.0.1:54317/holdfast';

const FORM = 'postgres://user:password@host:port/database';
const ENCODING = 'characters such as / # ? % in the user name or password must be percent-encoded';

/**
 * DATABASE_URL, or the local server where none is set and none is needed. What is wrong with it is added to the
 * problems: in words, since the value holds a password and a broken one does not tell where.
 */
export function readDatabaseUrl(
  environment: Environment,
  variables: Variables,
  problems: SettingsProblem[],
): string {
  const value = variables.DATABASE_URL;
  if (value === undefined || value === '') {
    if (environment !== 'staging' && environment !== 'production') return LOCAL_DATABASE_URL;
    problems.push({ variable: 'DATABASE_URL', allowed: `needed in ${environment}, as ${FORM}` });
    return '';
  }
  const problem = problemOf(value);
  if (problem !== undefined) {
    problems.push({ variable: 'DATABASE_URL', allowed: `${problem}; allowed is ${FORM}` });
  }
  return value;
}

/** DATABASE_LISTEN_URL: none, or that of the server itself. */
export function readListenUrl(variables: Variables, problems: SettingsProblem[]): string | undefined {
  const value = variables.DATABASE_LISTEN_URL;
  if (value === undefined || value === '') return undefined;
  const problem = problemOf(value);
  if (problem !== undefined) {
    problems.push({ variable: 'DATABASE_LISTEN_URL', allowed: `${problem}; allowed is ${FORM}` });
  }
  return value;
}

/** DATABASE_REPLICA_URLS: none, or as many URLs as there are standbys, with spaces between them. */
export function readReplicaUrls(variables: Variables, problems: SettingsProblem[]): readonly string[] {
  const values = (variables.DATABASE_REPLICA_URLS ?? '').split(/\s+/).filter((value) => value !== '');
  values.forEach((value, at) => {
    const problem = problemOf(value);
    if (problem === undefined) return;
    const allowed = `URL ${at + 1}: ${problem}; allowed are URLs as ${FORM}, with spaces between them`;
    problems.push({ variable: 'DATABASE_REPLICA_URLS', allowed });
  });
  return values;
}

function problemOf(value: string): string | undefined {
  return URL.canParse(value) ? problemOfParsed(value) : problemOfUnparsable(value);
}

function problemOfParsed(value: string): string | undefined {
  const { protocol, username, password, hostname, pathname, search, hash, searchParams } = new URL(value);
  // Without the slashes, what stands before the first colon may be a user name or a password.
  if (!/^\s*[a-z][a-z\d+.-]*:\/\//i.test(value)) return `not a URL; ${ENCODING}`;
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return `the scheme is "${protocol}//"`;
  // An @ past the host: an unescaped / # or ? ended the authority early, and the rest of the password is elsewhere.
  if (`${pathname}${search}${hash}`.includes('@')) return `an @ after the host; ${ENCODING}`;
  if (![username, password, hostname, pathname].every(isPercentEncoded)) {
    return `a % that is not the start of a percent-encoded character; ${ENCODING}`;
  }
  if (hostname === '' && !searchParams.has('host')) return 'no host';
  return pathname.length < 2 ? 'no database name' : undefined;
}

/** Shows the port where that is certainly what is at fault, and nothing else. */
function problemOfUnparsable(value: string): string {
  const end = value.lastIndexOf('@');
  const userinfo = value.slice(0, end).replace(/^\s*[a-z][a-z\d+.-]*:\/\//i, '');
  // With one of these before the last @, what looks like a host and a port is a part of the password.
  const isCertain = end !== -1 && !/[/?#]/.test(userinfo);
  const port = isCertain ? PORT.exec(value.slice(end + 1))?.[1] : undefined;
  if (port === undefined || (/^\d+$/.test(port) && Number(port) <= 65_535)) return `not a URL; ${ENCODING}`;
  return `the port "${port}" is not a number from 1 to 65535`;
}

/** The port behind a host name or a bracketed address. */
const PORT = /^(?:\[[^\]]*\]|[^:/?#[\]]*):([^/?#]*)/;

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
