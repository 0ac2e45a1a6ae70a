import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, waitForEnd } from './test/processes';
import { openScratchFolder } from './test/scratch-folder';

/** A build that starts a compiler, leaves both process ids in a file, and never ends by itself. */
const ENDLESS_BUILD = `
  const { spawn } = require('node:child_process');
  const { renameSync, writeFileSync } = require('node:fs');
  const compiler = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync('pids.part', JSON.stringify([process.pid, compiler.pid]));
  renameSync('pids.part', 'pids');
  setInterval(() => {}, 1000);
`;

/** `tools/start.mjs` in a repository of its own, whose build never ends, and the processes of that build. */
async function startBuild(root: string): Promise<{ start: ChildProcess; build: number[] }> {
  const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
  const script = join(root, 'tools', 'start.mjs');
  for (const file of [turbo, script]) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(turbo, ENDLESS_BUILD);
  copyFileSync(join(__dirname, '..', 'start.mjs'), script);
  const start = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const pids = join(root, 'pids');
  while (!existsSync(pids)) await sleep(10);
  return { start, build: JSON.parse(readFileSync(pids, 'utf8')) };
}

describe('npm start during the build', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends the build and itself at %s', async (signal) => {
    using folder = openScratchFolder();
    const { start, build } = await startBuild(folder.path);
    try {
      expect(build.filter(isRunning)).toEqual(build);
      const closed = once(start, 'close');
      start.kill(signal);
      expect(await closed).toEqual([0, null]);
      await waitForEnd(build);
    } finally {
      for (const pid of build.filter(isRunning)) process.kill(pid, 'SIGKILL');
    }
  });
});
