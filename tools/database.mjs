// npm run db:start | db:stop | db:status | db:psql-url. Builds what it needs without a word, so that
// `$(npm run -s db:psql-url)` is the URL and nothing else; a failed build shows why.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' };
const turbo = [
  'run',
  'build',
  '--filter=@holdfast/local-postgres',
  '--output-logs=errors-only',
  '--log-prefix=none',
];

const build = spawnSync(`${root}node_modules/.bin/turbo`, turbo, { cwd: root, env, encoding: 'utf8' });
if (build.status === 0) {
  const cli = [`${root}packages/local-postgres/dist/cli.js`, ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, cli, { stdio: 'inherit' }).status ?? 1;
} else {
  process.stderr.write(
    `${build.stdout ?? ''}${build.stderr ?? ''}${build.error?.message ?? ''}\nthe build failed\n`,
  );
  process.exitCode = 1;
}
