import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PEERS_FOLDER } from './line-up';

/** Says of which lockfile the installed packages are. */
const STAMP = join(PEERS_FOLDER, 'node_modules', '.installed-from');

/** Peers are installed as their lockfile says, from the registry unless they are already, and built. */
export async function installPeers({
  signal,
  say,
}: {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<void> {
  const lockfile = await readFile(join(PEERS_FOLDER, 'package-lock.json'));
  const wanted = createHash('sha256').update(lockfile).digest('hex');
  const installed = await readFile(STAMP, 'utf8').catch(() => '');
  if (installed !== wanted) {
    say('Installing the peers …');
    await runNpm(['ci'], signal);
    await writeFile(STAMP, wanted);
  }
  say('Building the peers …');
  await runNpm(['run', 'build'], signal);
}

function runNpm(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', [...args, '--loglevel=error'], {
      cwd: PEERS_FOLDER,
      env: withoutNpmSettings(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let said = '';
    const listen = (text: unknown): void => {
      said = `${said}${text}`.slice(-2_000);
    };
    npm.stdout.on('data', listen);
    npm.stderr.on('data', listen);
    npm.on('error', reject);
    npm.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args.join(' ')} in benchmarks/peers ended with ${code}: ${said}`));
    });
  });
}

/** Those of the root, which npm hands on to what it runs, would come before those of the peers' folder. */
function withoutNpmSettings(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !/^npm_/i.test(name)));
}
