import base from '../../jest.base.cjs';

/**
 * Mutation testing of what must be right: breaker, retry, bulkhead and budget. A mutant that survives is a change of
 * behaviour that no test notices; the ones known are explained in docs/mutation-testing.md.
 */
export default {
  mutate: ['src/circuit-breaker/**/*.ts', 'src/retry/**/*.ts', 'src/bulkhead/**/*.ts', '!src/**/*.test.ts'],
  testRunner: 'jest',
  jest: {
    projectType: 'custom',
    // The package's own configuration looks for the shared one above it, and is copied elsewhere for a run.
    config: {
      ...base,
      roots: ['<rootDir>/src', '<rootDir>/mutation'],
      testMatch: ['**/mutation/*.test.ts'],
      // No test here waits for real time: one that takes longer hangs, and the mutant is caught.
      testTimeout: 1500,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  reporters: ['clear-text', 'json', 'progress'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: '.generated/mutation.json' },
  tempDirName: '.generated/stryker',
  // Stryker would rewrite a tsconfig with the JavaScript API that TypeScript 7 does not have; swc needs none.
  ignorePatterns: ['dist', 'docs', 'tsconfig*.json'],
  thresholds: { high: 100, low: 95, break: 90 },
  concurrency: 2,
  // A second run tests anew only what has changed.
  incremental: true,
  incrementalFile: '.generated/mutation-incremental.json',
  timeoutMS: 4000,
  disableTypeChecks: false,
  allowConsoleColors: false,
};
