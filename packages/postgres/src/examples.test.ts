import { resolve } from 'node:path';
import { compileExamples, readExamples } from '../../../jest.examples.cjs';

const packageFolder = resolve(__dirname, '..');

test('every example in the documentation compiles', () => {
  const examples = readExamples(packageFolder);
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(compileExamples(packageFolder, examples)).toEqual({ status: 0, output: '' });
});

test('an example with a misspelt option does not compile', () => {
  const { status, output } = compileExamples(packageFolder, [
    `import { outcomeLedger } from '@holdfast/postgres';\nexport const ledger = outcomeLedger({ retention: 3 });`,
  ]);
  expect(status).not.toBe(0);
  expect(output).toContain('retention');
});
