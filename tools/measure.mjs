/**
 * `npm run bench:<name>` and `npm run proof:<name>`: builds what changed, without a word unless it fails, and runs
 * src/bench/<name>.ts or src/proof/<name>.ts in a process of its own.
 *
 *     node tools/measure.mjs <family>/<name> [options]
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The young generation of a benchmark is so large that no garbage is collected while a batch is measured. */
const nodeOptions = {
  bench: ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'],
  proof: [],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const [path = '', ...args] = process.argv.slice(2);
const family = Object.keys(nodeOptions).find((name) => path.startsWith(`${name}/`));

if (family === undefined || !existsSync(`${root}tools/src/${path}.ts`)) {
  process.stderr.write(
    `there is no measurement "${path}": tools/src/bench and tools/src/proof hold those there are\n`,
  );
  process.exitCode = 2;
} else if (build()) {
  await measure(`${root}tools/dist/${path}.js`, nodeOptions[family]);
} else {
  process.exitCode = 1;
}

function build() {
  const turbo = [
    'run',
    'build',
    '--filter=@holdfast/tools',
    '--output-logs=errors-only',
    '--log-prefix=none',
  ];
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
  const { status, stdout, stderr, error } = spawnSync(`${root}node_modules/.bin/turbo`, turbo, {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\nthe build failed\n`);
  }
  return status === 0;
}

async function measure(entry, options) {
  const measurement = spawn(process.execPath, [...options, entry, ...args], { stdio: 'inherit' });
  // It ends by itself, and what it started with it; whoever tells this process to stop means that one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => measurement.kill(signal));
  const [code, signal] = await once(measurement, 'close');
  process.exitCode = code ?? 128 + constants.signals[signal];
}
