import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { openServiceProcess, type ServiceProcess } from './service/service-process';

const CLIENT = resolve(__dirname, '..', '..', 'examples', 'api-client');
/** Enough for an installation from the registry. */
const PATIENCE_MS = 5 * 60_000;

describe('a client that is generated from the OpenAPI document', () => {
  let database: TestDatabase;
  let service: ServiceProcess;

  beforeAll(async () => {
    database = await openTestDatabase();
    service = await openServiceProcess(database.url);
    if (!existsSync(join(CLIENT, 'node_modules'))) await run('ci');
  }, PATIENCE_MS);

  afterAll(async () => {
    await service?.stop();
    await database?.drop();
  });

  /** Runs npm in the client's folder. @throws with what it wrote, if it fails. */
  async function run(...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HOLDFAST_URL: service.address,
      HOLDFAST_KEY: service.credentials.key,
    };
    try {
      const { stdout } = await promisify(execFile)('npm', args, { cwd: CLIENT, env });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`npm ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
    }
  }

  it(
    'compiles, and does with the service what it says',
    async () => {
      await run('run', 'generate');
      await run('run', 'compile');
      const written = await run('run', '--silent', 'start');
      expect(written.trim().split('\n')).toEqual([
        'created once: true',
        'replayed: true',
        'unchanged: 304',
        'renamed: Renamed',
        'too late: 412 /problems/precondition-failed',
        'key: true',
        'stream: order.placed',
        'ended: 204',
      ]);
    },
    PATIENCE_MS,
  );
});
