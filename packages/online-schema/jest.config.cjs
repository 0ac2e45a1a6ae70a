module.exports = {
  ...require('../../jest.base.cjs'),
  // Generated migrations find the sources under test, and not the last build, whose runs are not this process's runs.
  moduleNameMapper: { '^@holdfast/online-schema/migration$': '<rootDir>/src/migration/index.ts' },
  globalSetup: '<rootDir>/src/test/global-setup.ts',
  globalTeardown: '@holdfast/local-postgres/jest-teardown',
};
