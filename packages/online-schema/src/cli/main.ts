#!/usr/bin/env node
import 'reflect-metadata';
import { CannotLookError } from './cannot-look-error';
import type { CommandContext } from './command-context';
import { describeError } from './describe-error';
import { listenForStop } from './listen-for-stop';
import { renderUsage, runProgram } from './program';
import { processTerminal } from './terminal';
import { UsageError } from './usage-error';

const context: CommandContext = {
  terminal: processTerminal(),
  signal: listenForStop(),
  exitWith: (code) => {
    process.exitCode = code;
  },
};

runProgram(process.argv.slice(2), context).catch((error: unknown) => {
  process.stderr.write(`holdfast: ${describeError(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${renderUsage(context)}\n`);
  process.exitCode = error instanceof UsageError || error instanceof CannotLookError ? 2 : 1;
});
