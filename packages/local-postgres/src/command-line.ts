import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalPostgresError } from './error';
import { renderSize } from './folder-size';
import { type LocalServerStatus, readLocalServer, startLocalServer, stopLocalServer } from './local-server';
import { findRepositoryRoot } from './repository-root';
import type { PostgresVersion } from './version';

/** The world a command runs in. */
export interface CommandContext {
  readonly workingDirectory: string;
  /** The version asked for; throws if what was asked for does not exist. */
  readVersion(): PostgresVersion;
  /** Folder of kept servers where the command line names none; from the repository's root. */
  readonly directory: string | undefined;
  write(line: string): void;
  writeError(line: string): void;
}

/** 0: done. 1: it failed. 2: the command line or the environment is wrong. 3: no server runs. */
export type ExitCode = 0 | 1 | 2 | 3;

interface Target {
  readonly directory: string;
  readonly version: PostgresVersion;
}

const commands = {
  start,
  stop,
  status,
  'psql-url': printUrl,
} as const satisfies Record<string, (target: Target, context: CommandContext) => Promise<ExitCode>>;

const usage = `usage: holdfast-postgres <${Object.keys(commands).join(' | ')}> [--directory <path>]`;

/** Runs one command and says in one line what came of it. Never rejects. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { directory: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
    const [name, ...rest] = positionals;
    if (values.help === true) {
      context.write(usage);
      return 0;
    }
    if (name === undefined || !isCommand(name) || rest.length > 0) {
      const unknown = name === undefined ? 'no command' : `unknown command "${positionals.join(' ')}"`;
      context.writeError(`${unknown}; ${usage}`);
      return 2;
    }
    const directory =
      values.directory === undefined
        ? resolve(findRepositoryRoot(context.workingDirectory), context.directory ?? '.holdfast')
        : resolve(context.workingDirectory, values.directory);
    return await commands[name]({ directory, version: context.readVersion() }, context);
  } catch (error) {
    context.writeError(error instanceof Error ? firstLine(error.message) : String(error));
    return isMisuse(error) ? 2 : 1;
  }
}

async function start(target: Target, context: CommandContext): Promise<ExitCode> {
  const server = await startLocalServer(target);
  context.write(
    `PostgreSQL ${target.version} ${server.attached ? 'already runs' : 'started'}: ${describe(server)}`,
  );
  return 0;
}

async function stop(target: Target, context: CommandContext): Promise<ExitCode> {
  const wasRunning = await stopLocalServer(target);
  context.write(`PostgreSQL ${target.version} ${wasRunning ? 'stopped' : 'was not running'}`);
  return 0;
}

async function status(target: Target, context: CommandContext): Promise<ExitCode> {
  const server = await readLocalServer(target);
  if (server === undefined) {
    context.write(`PostgreSQL ${target.version} is not running`);
    return 3;
  }
  context.write(`PostgreSQL ${target.version} runs: ${describe(server)}`);
  return 0;
}

async function printUrl(target: Target, context: CommandContext): Promise<ExitCode> {
  const server = await readLocalServer(target);
  if (server === undefined) {
    context.writeError(`PostgreSQL ${target.version} is not running; start it with: npm run db:start`);
    return 3;
  }
  context.write(server.url);
  return 0;
}

function describe({ url, port, pid, folder, sizeBytes }: LocalServerStatus): string {
  return `${url} (port ${port}, pid ${pid}, ${renderSize(sizeBytes)} in ${folder})`;
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

function isMisuse(error: unknown): boolean {
  if (error instanceof LocalPostgresError) return error.code === 'unsupported_version';
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
