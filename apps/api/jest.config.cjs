module.exports = {
  ...require('../../jest.base.cjs'),
  globalSetup: '<rootDir>/src/test/global-setup.ts',
  globalTeardown: '@holdfast/local-postgres/jest-teardown',
};
