/**
 * What every workspace's Jest shares: TypeScript through swc, with decorators and their metadata.
 * @type {import('jest').Config}
 */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Jest leaves a core to itself, and so half of a machine with two; tests of servers wait for most of their time.
  maxWorkers: '100%',
  // A test that talks to a real server may wait for it; nothing here asserts a duration.
  testTimeout: 60_000,
};
