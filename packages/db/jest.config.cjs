module.exports = {
  ...require('../../jest.base.cjs'),
  // Who reads the log waits for every transaction of its server, also for those of another test's database.
  maxWorkers: 1,
  globalSetup: '<rootDir>/src/test/global-setup.ts',
  globalTeardown: '@holdfast/local-postgres/jest-teardown',
};
