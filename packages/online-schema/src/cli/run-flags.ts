import { InvalidOptionError } from '@holdfast/resilience';
import type { Command } from 'commander';
import { type RunOptions, readRunSettings } from '../run/run-options';
import type { DataSourceOption } from './command-context';
import { UsageError } from './usage-error';

/** Options of every command that runs migrations. */
export interface RunFlags extends DataSourceOption {
  readonly json?: true;
  readonly dryRun?: true;
  readonly lockTimeout?: string;
  readonly maxLockWait?: string;
}

/** Lets a command take them. */
export function takesRunFlags(command: Command): Command {
  return command
    .option('--dry-run', 'say what would be sent to the server, and send none of it')
    .option('--json', 'print JSON lines: each event of the run, and at last done or failed')
    .option(
      '--lock-timeout <ms>',
      'how long a statement waits for its lock before it is tried again; default: 200',
    )
    .option('--max-lock-wait <ms>', 'how long a lock is tried for; default: until it is had');
}

/** @throws UsageError naming the option, the value and the range. */
export function readRunFlags({ lockTimeout, maxLockWait }: RunFlags): RunOptions {
  const options = {
    lockTimeoutMs: lockTimeout === undefined ? undefined : Number(lockTimeout),
    maxLockWaitMs: maxLockWait === undefined ? undefined : Number(maxLockWait),
  };
  try {
    readRunSettings('run', options);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const flag = error.option === 'lockTimeoutMs' ? '--lock-timeout' : '--max-lock-wait';
    throw new UsageError(`${flag} must be ${error.allowed}, in milliseconds`);
  }
  return options;
}
