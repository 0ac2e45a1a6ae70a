import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

/** A forbidden import: where it is planted, what it says, and the rule that must refuse it. */
interface Plant {
  readonly claim: string;
  readonly files: Readonly<Record<string, string>>;
  readonly rule: string;
}

const plants: readonly Plant[] = [
  {
    claim: 'packages/resilience importing the driver',
    files: { 'packages/resilience/src/planted/driver.ts': `import 'pg';` },
    rule: 'resilience-needs-nothing',
  },
  {
    claim: 'packages/resilience importing the driver for its types alone',
    files: {
      'packages/resilience/src/planted/types-of-driver.ts': `import type { Client } from 'pg';\nexport type C = Client;`,
    },
    rule: 'resilience-needs-nothing',
  },
  {
    claim: 'packages/postgres importing packages/db',
    files: { 'packages/postgres/src/planted/upwards.ts': `import '@holdfast/db';` },
    rule: 'direction-of-postgres',
  },
  {
    claim: 'packages/online-schema importing packages/db',
    files: { 'packages/online-schema/src/planted/upwards.ts': `export * from '@holdfast/db';` },
    rule: 'direction-of-online-schema',
  },
  {
    claim: 'a test reversing a direction',
    files: { 'packages/online-schema/src/planted/upwards.test.ts': `import '@holdfast/db';` },
    rule: 'direction-of-online-schema',
  },
  {
    claim: 'apps/api reaching into the driver',
    files: { 'apps/api/src/planted/driver.ts': `export const load = () => import('pg/lib/client');` },
    rule: 'api-reaches-postgres-through-packages',
  },
  {
    claim: 'packages/db starting embedded servers outside its tests',
    files: { 'packages/db/src/planted/server.ts': `import '@holdfast/local-postgres';` },
    rule: 'local-postgres-in-tests-only',
  },
  {
    claim: 'a migration importing an entity',
    files: {
      'packages/db/src/planted/planted.entity.ts': 'export class Planted {}',
      'packages/db/src/migrations/planted.ts': `export { Planted } from '../planted/planted.entity';`,
    },
    rule: 'migrations-are-frozen',
  },
  {
    claim: 'a deep import behind the doors of a package',
    files: { 'apps/api/src/planted/behind-doors.ts': `import '@holdfast/db/src/nowhere';` },
    rule: 'doors-only',
  },
  {
    claim: 'a relative path into another workspace',
    files: {
      'packages/resilience/src/planted/target.ts': 'export const planted = true;',
      'packages/postgres/src/planted/path.ts': `import '../../../resilience/src/planted/target';`,
    },
    rule: 'no-path-into-another-workspace',
  },
  {
    claim: 'two modules of one package importing each other',
    files: {
      'packages/observability/src/planted/other.ts': `import './one';`,
      'packages/observability/src/planted/one.ts': `import './other';`,
    },
    rule: 'no-cycles',
  },
  {
    claim: 'an entity in a circle with something that is no entity',
    files: {
      'packages/db/src/planted/round.entity.ts': `import './round-rows';`,
      'packages/db/src/planted/round-rows.ts': `import './round.entity';`,
    },
    rule: 'no-cycles',
  },
  {
    claim: 'production code importing test support',
    files: {
      'packages/db/src/test/planted.ts': 'export const planted = true;',
      'packages/db/src/planted/support.ts': `import '../test/planted';`,
    },
    rule: 'tests-are-leaves',
  },
  {
    claim: 'production code importing a development dependency',
    files: { 'packages/online-schema/src/planted/driver.ts': `import 'pg';` },
    rule: 'no-development-dependency-at-run-time',
  },
  {
    claim: 'a use case importing the web framework',
    files: { 'apps/api/src/planted/framework.ts': `import 'fastify';` },
    rule: 'fastify-in-http-only',
  },
  {
    claim: 'a use case importing a route',
    files: {
      'apps/api/src/http/planted.ts': 'export const planted = true;',
      'apps/api/src/planted/route.ts': `import '../http/planted';`,
    },
    rule: 'http-is-outermost',
  },
];

/** What looks like a forbidden import, and is none. */
const ALLOWED: Plant['files'] = {
  // Entities refer to each other.
  'packages/db/src/allowed/left.entity.ts': `import { Right } from './right.entity';\nexport class Left { right?: Right }`,
  'packages/db/src/allowed/right.entity.ts': `import { Left } from './left.entity';\nexport class Right { left?: Left }`,
  // A test starts an embedded server.
  'packages/db/src/allowed/server.int.test.ts': `import '@holdfast/local-postgres';`,
};

interface Check {
  readonly status: number | null;
  readonly output: string;
}

/** What the checker says of a copy of the repository with these files in it, and without those of a folder. */
function checkImportsWith(files: Plant['files'], missing?: string): Check {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-imports-'));
  try {
    for (const entry of ['packages', 'apps', 'tools', 'package.json', '.dependency-cruiser.cjs']) {
      cpSync(join(root, entry), join(copy, entry), { recursive: true, filter: isSource });
    }
    if (missing !== undefined) rmSync(join(copy, missing), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), `${text}\n`);
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/imports.mjs'], {
      cwd: copy,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function isSource(path: string): boolean {
  return !/(?:^|\/)(?:node_modules|dist|coverage|\.turbo|\.holdfast)(?:\/|$)/.test(relative(root, path));
}

test('accepts the repository as it is, entities that refer to each other, and an embedded server in a test', () => {
  const { status, output } = checkImportsWith(ALLOWED);
  expect(output).toContain('Imports follow the rules');
  expect(status).toBe(0);
});

// Planted together, because each run of the checker reads the whole repository.
describe('with each forbidden import in it', () => {
  let found: Check;

  beforeAll(() => {
    found = checkImportsWith(Object.assign({}, ALLOWED, ...plants.map(({ files }) => files)));
  });

  test.each(plants)('refuses $claim', ({ files, rule }) => {
    expect(found.output).toContain(`  ${rule}: ${Object.keys(files).at(-1)}`);
    expect(found.status).toBe(1);
  });

  test('refuses nothing else', () => {
    const refused = [...found.output.matchAll(/^ {2}[\w-]+: (\S+)/gm)].map(([, path]) => path);
    expect(refused.sort()).toEqual(plants.map(({ files }) => Object.keys(files).at(-1)).sort());
  });
});

/** The repository's rules with other options for the checker. */
function configure(options: string): string {
  const rules = JSON.stringify(join(root, '.dependency-cruiser.cjs'));
  return `const rules = require(${rules});\nmodule.exports = { ...rules, options: { ...rules.options, ${options} } };`;
}

test('refuses a configuration that sees no modules', () => {
  const { status, output } = checkImportsWith({
    '.dependency-cruiser.cjs': configure(`exclude: { path: '[.]ts$' }`),
  });
  expect(output).toMatch(/packages\/resilience: 0 of \d+ modules seen/);
  expect(output).toMatch(/apps\/api: 0 of \d+ modules seen/);
  expect(status).toBe(2);
});

test('refuses a configuration that misses one module', () => {
  const { status, output } = checkImportsWith({
    'packages/db/src/planted.ts': 'export const planted = true;',
    '.dependency-cruiser.cjs': configure(`exclude: { path: 'planted' }`),
  });
  expect(output).toContain('packages/db/src/planted.ts is missing');
  expect(status).toBe(2);
});

test('refuses a parser that does not see imports of types', () => {
  const types = {
    'packages/db/src/planted.ts': `export type { Planted } from './planted-type';`,
    'packages/db/src/planted-type.ts': 'export interface Planted {}',
  };
  expect(checkImportsWith(types).status).toBe(0);

  const blind = { '.dependency-cruiser.cjs': configure(`parser: 'acorn'`) };
  const { status, output } = checkImportsWith({ ...types, ...blind });
  expect(output).toContain('packages/db/src/planted.ts: seen, but none of its imports');
  expect(status).toBe(2);
});

test('refuses a workspace without modules', () => {
  const { status, output } = checkImportsWith({}, 'packages/observability/src');
  expect(output).toContain('packages/observability: has no module under src');
  expect(status).toBe(2);
});

test('refuses a workspace without an import direction', () => {
  const { status, output } = checkImportsWith({
    'packages/planted/package.json': '{ "name": "@holdfast/planted" }',
  });
  expect(output).toContain('packages/planted has no import direction');
  expect(status).not.toBe(0);
});
