/**
 * Which workspace may import which, and what stays apart inside one.
 *
 * Rules match the specifier as it is written (`@holdfast/db`), not the file behind it: `exportsFields` is
 * empty below, so no door is followed into `dist` and the verdict is the same before and after a build.
 * `parser: 'swc'` is what makes any of this true: see docs/adr/0003-import-rules-that-prove-they-see.md.
 */
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Each workspace and the workspaces it may import. A workspace missing here is refused when this file loads. */
const directions = {
  'packages/resilience': [],
  'packages/observability': [],
  'packages/local-postgres': [],
  'packages/postgres': ['resilience'],
  'packages/online-schema': ['resilience'],
  'packages/db': ['resilience', 'postgres', 'online-schema'],
  'apps/api': ['db', 'resilience', 'observability', 'postgres', 'online-schema'],
  tools: ['api', 'db', 'resilience', 'observability', 'postgres', 'online-schema'],
};

/** Tests, what only tests import, and Jest's own configuration and global set-up. */
const testFiles = '[.]test[.]ts$|/src/test/|/jest[^/]*[.](?:cjs|ts)$';

const quote = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const anyOf = (patterns) => `(?:${patterns.join('|')})`;
const named = (specifier) => `^(?:node_modules/)?${specifier}`;
/** A dependency from npm, by any of its entry points. */
const dependency = (names) => `${named(anyOf(names))}(?:/|$)`;

const workspaces = Object.entries(directions).map(([folder, mayImport]) => {
  const manifest = JSON.parse(readFileSync(join(__dirname, folder, 'package.json'), 'utf8'));
  return { folder, mayImport, name: manifest.name, doors: Object.keys(manifest.exports ?? {}) };
});

for (const parent of ['packages', 'apps']) {
  for (const child of readdirSync(join(__dirname, parent))) {
    const folder = `${parent}/${child}`;
    if (existsSync(join(__dirname, folder, 'package.json')) && !(folder in directions)) {
      throw new Error(`${folder} has no import direction: add it to .dependency-cruiser.cjs`);
    }
  }
}

const doors = workspaces.flatMap(({ name, doors }) => doors.map((door) => quote(name + door.slice(1))));

/** A package inside itself uses relative paths: its own name would load the last build instead of the source. */
const directionRules = workspaces.map(({ folder, mayImport }) => {
  const refused = workspaces
    .map(({ name }) => name)
    .filter((name) => name !== '@holdfast/local-postgres' || folder === 'packages/local-postgres')
    .filter((name) => !mayImport.includes(name.replace('@holdfast/', '')));
  return {
    name: `direction-of-${folder.split('/').at(-1)}`,
    comment: `${folder} may import ${mayImport.length > 0 ? mayImport.join(', ') : 'nothing'} of ours, and itself by relative path only`,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { path: dependency(refused.map(quote)) },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...directionRules,
    {
      name: 'resilience-needs-nothing',
      comment: 'packages/resilience runs on Node alone',
      severity: 'error',
      from: { path: '^packages/resilience/', pathNot: testFiles },
      to: { pathNot: '^packages/resilience/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'local-postgres-in-tests-only',
      comment: 'embedded servers serve tests and tools/, never a deployed process',
      severity: 'error',
      from: { pathNot: ['^packages/local-postgres/', '^tools/', testFiles] },
      to: { path: dependency(['@holdfast/local-postgres']) },
    },
    {
      name: 'doors-only',
      comment: 'a package is entered through the doors in its exports map',
      severity: 'error',
      from: {},
      to: { path: named('@holdfast/'), pathNot: `${named(anyOf(doors))}$` },
    },
    {
      name: 'no-path-into-another-workspace',
      comment: 'a relative path stays inside its workspace',
      severity: 'error',
      from: { path: '^(packages/[^/]+|apps/[^/]+|tools)/' },
      to: { path: '^(?:packages|apps|tools)/', pathNot: '^$1/' },
    },
    {
      name: 'no-cycles',
      comment:
        'modules form no circle, types included. Entities alone may refer to each other: their relations name the ' +
        'other side in a function that runs after both are loaded',
      severity: 'error',
      from: {},
      to: { circular: true, via: { pathNot: '[.]entity[.]ts$' } },
    },
    {
      name: 'tests-are-leaves',
      comment: 'nothing that ships imports a test or its support files',
      severity: 'error',
      from: { pathNot: testFiles },
      // The set-up that packages/local-postgres offers to the tests of others is its product.
      to: {
        path: `^(?:packages|apps|tools)/.*(?:${testFiles})`,
        pathNot: '^packages/local-postgres/src/jest-[^/]+[.]ts$',
      },
    },
    {
      name: 'no-development-dependency-at-run-time',
      comment: 'what ships imports only what its package.json installs in production',
      severity: 'error',
      from: { path: '^(?:packages|apps)/', pathNot: testFiles },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'migrations-are-frozen',
      comment: 'a migration imports no entity, nor anything else of packages/db that could change under it',
      severity: 'error',
      from: { path: '^packages/db/src/migrations/', pathNot: testFiles },
      to: { path: '^packages/db/', pathNot: '^packages/db/src/migrations/' },
    },
    {
      name: 'fastify-in-http-only',
      comment: 'the web framework stays in apps/api/src/http',
      severity: 'error',
      from: { path: '^apps/api/', pathNot: ['^apps/api/src/http/', testFiles] },
      to: { path: dependency(['fastify', '@fastify', 'fastify-type-provider-zod']) },
    },
    {
      name: 'http-is-outermost',
      comment: 'use cases do not know HTTP: only apps/api/src/compose.ts joins the folders',
      severity: 'error',
      from: {
        path: '^apps/api/',
        pathNot: ['^apps/api/src/http/', '^apps/api/src/compose[.]ts$', testFiles],
      },
      to: { path: '^apps/api/src/http/' },
    },
    {
      name: 'composed-once',
      comment: 'apps/api/src/compose.ts is imported by the entry points alone',
      severity: 'error',
      from: { path: '^apps/api/src/.+/', pathNot: testFiles },
      to: { path: '^apps/api/src/compose[.]ts$' },
    },
    {
      name: 'api-reaches-postgres-through-packages',
      comment: 'the driver belongs to packages/postgres and packages/db',
      severity: 'error',
      from: { path: '^apps/api/', pathNot: testFiles },
      to: { path: dependency(['pg', 'pg-[^/]+', '@types/pg']) },
    },
  ],
  options: {
    parser: 'swc',
    preserveSymlinks: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: [], extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'] },
  },
};
