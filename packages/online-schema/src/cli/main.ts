#!/usr/bin/env node
import 'reflect-metadata';
import { CannotLookError } from './cannot-look-error';
import type { CommandContext } from './command-context';
import { exitCodeOfStop, listenForStop } from './listen-for-stop';
import { renderHint, runProgram } from './program';
import { renderFailure } from './render-failure';
import { processTerminal } from './terminal';
import { UsageError } from './usage-error';

const args = process.argv.slice(2);
let stop: AbortSignal | undefined;
const context: CommandContext = {
  terminal: processTerminal(args.includes('--json')),
  get signal() {
    stop ??= listenForStop();
    return stop;
  },
  exitWith: (code) => {
    process.exitCode = code;
  },
};

void main();

async function main(): Promise<void> {
  try {
    await runProgram(args, context);
  } catch (error) {
    const [first, ...below] = renderFailure(error, args);
    process.stderr.write(`holdfast: ${first}\n`);
    for (const line of below) process.stderr.write(`  ${line}\n`);
    if (error instanceof UsageError) process.stderr.write(`${renderHint(args, context)}\n`);
    const isQuestion = error instanceof UsageError || error instanceof CannotLookError;
    process.exitCode = exitCodeOfStop(stop, error) ?? (isQuestion ? 2 : 1);
  }
  await Promise.all([process.stdout, process.stderr].map(flush));
  // What the project's modules have left running, such as a timer or a server, would keep the process for ever.
  process.exit();
}

async function flush(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
