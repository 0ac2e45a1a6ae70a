import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What a measurement has said and how it ended. */
export interface BuiltMeasurement {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** Of its standard output: one JSON object, where it came to its end. */
  readonly lastLine: string;
}

/** `bench/data` or `proof/events`, from the built files, has run to its end in a process of its own. */
export async function runBuiltMeasurement(
  path: string,
  ...args: readonly string[]
): Promise<BuiltMeasurement> {
  const command = join(__dirname, '..', '..', 'dist', `${path}.js`);
  const measurement = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(measurement.stdout),
    text(measurement.stderr),
    once(measurement, 'close'),
  ]);
  return { stdout, stderr, code, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}
