import { LocalPostgresError } from './error';

/** PostgreSQL configuration parameters by name, as they would be written in `postgresql.conf`. */
export type ServerSettings = Readonly<Record<string, string | number | boolean>>;

const everyServer: ServerSettings = Object.freeze({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 100,
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_line_prefix: '%m [%p] %q%u@%d ',
});

/**
 * A crash of the machine may lose everything in a temporary server, which is removed anyway. A crash of the server may
 * not: synchronous_commit stays on (it costs little without fsync), or an immediate shutdown would lose acknowledged
 * commits, and tests that break a server on purpose would measure that instead of the code under test.
 */
const temporaryServer: ServerSettings = Object.freeze({
  // Files in the data directory: a killed server leaves nothing in /dev/shm, which is also tiny in most containers.
  dynamic_shared_memory_type: 'mmap',
  fsync: false,
  full_page_writes: false,
});

/**
 * The configuration file of a server.
 * @throws LocalPostgresError `setting_invalid` if a name is not that of a parameter, or is `port`, which is chosen.
 */
export function renderServerSettings(
  port: number,
  options: { readonly temporary: boolean; readonly settings?: ServerSettings },
): string {
  for (const name of Object.keys(options.settings ?? {})) {
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/i.test(name) || name.toLowerCase() === 'port') {
      throw new LocalPostgresError(
        'setting_invalid',
        `settings has "${name}"; allowed: names of configuration parameters, except port`,
      );
    }
  }
  const settings = {
    ...everyServer,
    ...(options.temporary ? temporaryServer : {}),
    ...options.settings,
    port,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${renderValue(value)}`);
  return `# Written by Holdfast at every start; put your own settings into postgresql.conf, below the include.\n${lines.join('\n')}\n`;
}

function renderValue(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n')}'`;
}
