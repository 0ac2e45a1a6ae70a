import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openScratchFolder } from './test/scratch-folder';

const built = JSON.stringify(join(__dirname, '..', 'dist', 'index.js'));

const jestProgram = join(dirname(require.resolve('jest/package.json')), 'bin', 'jest.js');

const files = {
  'setup.cjs': `
    const { createGlobalSetup } = require(${built});
    module.exports = createGlobalSetup({ template: async () => {} });`,
  'one.test.cjs': testFile(),
  'two.test.cjs': testFile(),
};

function testFile(): string {
  return `
    const { openTestDatabase } = require(${built});
    it('has a database of its own', async () => {
      const database = await openTestDatabase();
      expect(database.name).toMatch(/^test_/);
      await database.drop();
    });`;
}

describe('a Jest run', () => {
  it.each([
    ['in workers', '--maxWorkers=2'],
    ['in one process', '--runInBand'],
  ])('gives every test file a database, %s, and leaves nothing behind', (_how, flag) => {
    using scratch = openScratchFolder();
    const temporary = join(scratch.path, 'temporary');
    const project = join(scratch.path, 'project');
    for (const folder of [temporary, project]) mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
    const config = {
      rootDir: project,
      testMatch: ['**/*.test.cjs'],
      globalSetup: '<rootDir>/setup.cjs',
      globalTeardown: require.resolve('@holdfast/local-postgres/jest-teardown'),
      transform: {},
      cacheDirectory: join(scratch.path, 'cache'),
    };
    const result = spawnSync(process.execPath, [jestProgram, '--config', JSON.stringify(config), flag], {
      encoding: 'utf8',
      cwd: project,
      env: { PATH: dirname(process.execPath), TMPDIR: temporary },
    });
    expect(result.stderr).toContain('Tests:       2 passed');
    expect(result.status).toBe(0);
    expect(readdirSync(temporary).filter((name) => name.startsWith('holdfast-postgres-'))).toEqual([]);
  });
});
