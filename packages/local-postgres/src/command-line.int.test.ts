import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { readProcessIdentity } from './process-identity';
import { openScratchFolder } from './test/scratch-folder';

interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

const cli = join(__dirname, '..', 'dist', 'cli.js');

function run(args: readonly string[], options: { cwd?: string; postgres?: string } = {}): Promise<Outcome> {
  const { cwd = '/', postgres = '17' } = options;
  return new Promise((resolve) => {
    const env = { PATH: '/usr/bin:/bin', HOLDFAST_POSTGRES: postgres };
    const child = execFile(process.execPath, [cli, ...args], { cwd, env }, (_failure, out, error) =>
      resolve({ exitCode: child.exitCode ?? -1, out, error }),
    );
  });
}

describe('holdfast-postgres', () => {
  it('starts a server that outlives the command, tells where it is, and stops it', async () => {
    using scratch = openScratchFolder();
    const inHere = { cwd: scratch.path };
    const before = await run(['status'], inHere);
    expect(before).toEqual({ exitCode: 3, out: 'PostgreSQL 17 is not running\n', error: '' });

    const started = await run(['start'], inHere);
    expect(started).toMatchObject({ exitCode: 0, error: '' });
    expect(started.out).toMatch(
      /^PostgreSQL 17 started: postgresql:\S+ \(port \d+, pid \d+, [\d.]+ MB in \S+\)\n$/,
    );
    const pid = Number(/pid (\d+)/.exec(started.out)?.[1]);
    expect(await readProcessIdentity(pid)).toBeDefined();
    expect(existsSync(join(scratch.path, '.holdfast', 'postgres-17', 'data', 'PG_VERSION'))).toBe(true);

    const again = await run(['start'], inHere);
    expect(again).toMatchObject({ exitCode: 0, out: expect.stringMatching(`already runs: .* pid ${pid},`) });
    expect((await run(['status'], inHere)).out).toContain(`pid ${pid}`);
    const { out: url } = await run(['psql-url'], inHere);
    const client = new Client({ connectionString: url.trim() });
    await client.connect();
    await client.end();

    expect(await run(['stop'], inHere)).toEqual({ exitCode: 0, out: 'PostgreSQL 17 stopped\n', error: '' });
    expect(await readProcessIdentity(pid)).toBeUndefined();
    expect(await run(['stop'], inHere)).toMatchObject({
      exitCode: 0,
      out: 'PostgreSQL 17 was not running\n',
    });
  });

  it('prints nothing but a hint, on the other stream, when there is no URL', async () => {
    using scratch = openScratchFolder();
    const { exitCode, out, error } = await run(['psql-url', '--directory', scratch.path]);
    expect({ exitCode, out }).toEqual({ exitCode: 3, out: '' });
    expect(error).toBe('PostgreSQL 17 is not running; start it with: npm run db:start\n');
  });

  it.each([
    [
      'an unknown command',
      ['restart'],
      '17',
      'unknown command "restart"; usage: holdfast-postgres <start | stop',
    ],
    ['no command', [], '17', 'no command; usage'],
    ['two commands', ['start', 'stop'], '17', 'unknown command "start stop"'],
    ['an unknown option', ['start', '--port=1'], '17', "Unknown option '--port'"],
    ['a version there is no build of', ['start'], '16', 'HOLDFAST_POSTGRES is "16"; allowed: 17, 18'],
  ])('answers %s with one line and status 2', async (_what, args, postgres, message) => {
    using scratch = openScratchFolder();
    const outcome = await run(args, { cwd: scratch.path, postgres });
    expect(outcome).toMatchObject({ exitCode: 2, out: '', error: expect.stringContaining(message) });
    expect(outcome.error.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(scratch.path, '.holdfast'))).toBe(false);
  });

  it.each(['/dev/null/here', '/proc/none/here'])(
    'answers %s, which cannot be made, with one line that names it and the variable for another',
    async (path) => {
      const outcome = await run(['start', '--directory', path]);
      expect(outcome).toMatchObject({ exitCode: 1, out: '' });
      expect(outcome.error).toMatch(/^[^\n]+\(E[A-Z]+: [^\n]*mkdir '[^\n]*'\); [^\n]* HOLDFAST_DIRECTORY\n$/);
    },
  );
});
