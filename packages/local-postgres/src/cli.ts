#!/usr/bin/env node
import { runCommand } from './command-line';
import { readDirectory, readPostgresVersion } from './environment';

void runCommand(process.argv.slice(2), {
  workingDirectory: process.cwd(),
  readVersion: () => readPostgresVersion(),
  directory: readDirectory(),
  write: (line) => process.stdout.write(`${line}\n`),
  writeError: (line) => process.stderr.write(`${line}\n`),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
