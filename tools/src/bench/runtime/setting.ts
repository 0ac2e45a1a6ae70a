import { cpus } from 'node:os';
import { withClient } from '../../measurement/with-client';
import { readLibraryVersion } from '../resilience/library-versions';

/** What was measured on. */
export interface Setting {
  readonly node: string;
  readonly cpu: string;
  /** Of the client and the server together. */
  readonly cores: number;
  readonly libraries: Readonly<Record<string, string>>;
  /** Connections of each pool. */
  readonly poolSize: number;
  /** The server's version, and how durable it is. */
  readonly server: Readonly<Record<string, string>>;
}

const SERVER_SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'shared_buffers',
];

export async function readSetting(url: string, poolSize: number): Promise<Setting> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ name: string; value: string }>(
      `
      SELECT name, current_setting(name) AS value
      FROM unnest($1::text[]) AS name
    `,
      [SERVER_SETTINGS],
    ),
  );
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    libraries: Object.fromEntries(['pg', 'typeorm'].map((name) => [name, readLibraryVersion(name)])),
    poolSize,
    server: Object.fromEntries(rows.map(({ name, value }) => [name, value])),
  };
}

export function renderSetting({ node, cpu, cores, libraries, poolSize, server }: Setting): string {
  const { server_version: version, ...settings } = server;
  const versions = Object.entries({ Node: node, ...libraries, PostgreSQL: version });
  return `${versions.map((pair) => pair.join(' ')).join(', ')}, on ${cores} × ${cpu} for client and server together.
Pools of ${poolSize}; server: ${Object.entries(settings)
    .map((pair) => pair.join(' = '))
    .join(', ')}.`;
}
