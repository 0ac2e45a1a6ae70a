/**
 * `npm start`: builds what changed, then starts the service in this process (src/start.ts). Ctrl-C, SIGTERM or a
 * terminal that closes ends the build and everything it runs, with exit code 0.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');

let build;
let stopped = false;
const stop = () => {
  stopped = true;
  if (build === undefined) process.exit(0);
  endGroup(build);
};
for (const signal of signals) process.on(signal, stop);
process.stdout.on('error', stop);
process.stderr.on('error', () => undefined);

if (!existsSync(turbo)) fail('the dependencies are not installed; install them with: npm ci');
process.stdout.write('Building …\n');
const { code, output } = await runBuild();
if (stopped) process.exit(0);
if (code !== 0) {
  process.stderr.write(output);
  fail('the build failed, see above');
}

const { start } = await import('./dist/start.js');
for (const signal of signals) process.off(signal, stop);
process.stdout.off('error', stop);
await start();

/** Runs the build to its end, whether it succeeds, fails or is ended. */
async function runBuild() {
  // In a process group of its own: turbo is a script that starts the real one, and both start compilers.
  build = spawn(process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only', '--ui=stream'], {
    cwd: root,
    detached: true,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = [];
  for (const stream of [build.stdout, build.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const [code] = await once(build, 'close');
  build = undefined;
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}

function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has just ended by itself.
  }
}

function fail(message) {
  process.stderr.write(`npm start: ${message}\n`);
  process.exit(1);
}
