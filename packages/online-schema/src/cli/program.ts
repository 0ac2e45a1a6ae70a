import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { AddCommand, CommandContext } from './command-context';
import { addDoctor } from './doctor.command';
import { addDrift } from './drift.command';
import { addExplainIndex } from './explain-index.command';
import { addGenerate } from './generate.command';
import { addMigrate } from './migrate.command';
import { addPlan } from './plan.command';
import { addReindex } from './reindex.command';
import { addRevert } from './revert.command';
import { addStatus } from './status.command';
import { UsageError } from './usage-error';

/** In the order in which `--help` shows them. */
const COMMANDS: readonly AddCommand[] = [
  addDrift,
  addPlan,
  addGenerate,
  addMigrate,
  addRevert,
  addStatus,
  addDoctor,
  addExplainIndex,
  addReindex,
];

/**
 * Runs the command that the arguments name.
 *
 * @param args without the program's own name.
 * @throws UsageError for arguments that make no command; whatever the command throws.
 */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<void> {
  const program = createProgram(context);
  try {
    if (args.length === 0) throw new UsageError(`no command; allowed are ${listNames(program)}`);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help or the version was asked for and shown.
    if (error.exitCode === 0) return;
    throw new UsageError(explain(error, program));
  }
}

/** Where to read how what was meant is used. */
export function renderHint(args: readonly string[], context: CommandContext): string {
  const meant = createProgram(context).commands.find((command) => command.name() === args[0]);
  return `See holdfast ${meant === undefined ? '' : `${meant.name()} `}--help.`;
}

function createProgram(context: CommandContext): Command {
  const program = new Command('holdfast')
    .description('Schema changes that never stop a writer, for TypeORM on PostgreSQL.')
    .usage('<command> -d <file>')
    .version(readVersion())
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    // What is wrong is said once, by whoever catches it.
    .configureOutput({ writeErr: () => undefined });
  for (const add of COMMANDS) add(program, context);
  return program;
}

/** That of the package: this file is in `src/cli`, and once built in `dist/cli`. */
function readVersion(): string {
  const text = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function explain({ code, message }: CommanderError, program: Command): string {
  const text = message.replace(/^error: /, '').replace(/\n\((Did you mean [^)]*)\)$/, '; $1');
  return code === 'commander.unknownCommand' ? `${text}; allowed are ${listNames(program)}` : text;
}

function listNames(program: Command): string {
  return program.commands.map((command) => command.name()).join(', ');
}
