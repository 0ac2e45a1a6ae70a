/**
 * The tests beside what Stryker mutates, as one file: Jest loads every module anew for each test file, which takes longer
 * than the tests of one mutant.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';

// Only whether a mutant fails matters here, not the smallest schedule on which it does.
fc.configureGlobal({ endOnFailure: true });

for (const folder of ['circuit-breaker', 'retry', 'bulkhead']) {
  const path = join(__dirname, '../src', folder);
  const tests = readdirSync(path).filter((file) => file.endsWith('.test.ts'));
  describe(folder, () => {
    for (const test of tests) require(join(path, test));
  });
}
