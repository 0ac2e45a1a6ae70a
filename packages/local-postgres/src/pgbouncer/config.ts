import { credentials } from '../credentials';
import { LocalPostgresError } from '../error';

/** When PgBouncer takes a server connection back: at the end of each transaction, or when the client goes. */
export type PgBouncerMode = 'session' | 'transaction';

/** Options of the section `[pgbouncer]` by name. */
export type PgBouncerSettings = Readonly<Record<string, string | number | boolean>>;

/** What a configuration file is rendered from. */
export interface PgBouncerConfig {
  readonly port: number;
  readonly serverPort: number;
  readonly mode: PgBouncerMode;
  readonly poolSize: number;
  readonly settings?: PgBouncerSettings;
}

/**
 * The file `pgbouncer.ini`. Clients need no password, and every server connection is made with ours.
 * @throws LocalPostgresError `setting_invalid` if a name is not that of an option or a value has more than one line
 */
export function renderPgBouncerConfig(config: PgBouncerConfig): string {
  for (const [name, value] of Object.entries(config.settings ?? {})) {
    if (/^[a-z][a-z0-9_]*$/.test(name) && !/[\r\n]/.test(String(value))) continue;
    throw new LocalPostgresError(
      'setting_invalid',
      `settings has "${name}"; allowed: names of PgBouncer's options, with values of one line`,
    );
  }
  const settings = {
    max_client_conn: 1000,
    ...config.settings,
    listen_addr: '127.0.0.1',
    listen_port: config.port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: config.mode,
    default_pool_size: config.poolSize,
  };
  const { user, password } = credentials;
  return [
    '[databases]',
    `* = host=127.0.0.1 port=${config.serverPort} user=${user} password=${password}`,
    '',
    '[pgbouncer]',
    ...Object.entries(settings).map(([name, value]) => `${name} = ${renderValue(value)}`),
    '',
  ].join('\n');
}

function renderValue(value: string | number | boolean): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
