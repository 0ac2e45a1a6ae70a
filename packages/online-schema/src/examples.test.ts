import { resolve } from 'node:path';
import { compileExamples, readExamples } from '../../../jest.examples.cjs';

const packageFolder = resolve(__dirname, '..');

test('every example in the documentation compiles', () => {
  const examples = [
    ...readExamples(packageFolder),
    ...readExamples(resolve(packageFolder, 'docs', 'doctor')),
  ];
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(compileExamples(packageFolder, examples)).toEqual({ status: 0, output: '' });
});

test('an example with a misspelt property does not compile', () => {
  const { status, output } = compileExamples(packageFolder, [
    `import { Index } from '@holdfast/online-schema';\n@Index('idx', ['nmae'])\nexport class User {\n  name!: string;\n}`,
  ]);
  expect(status).not.toBe(0);
  expect(output).toContain('nmae');
});
