import { resolve } from 'node:path';

// The same from `src` and from `dist`.
const REPOSITORY_ROOT = resolve(__dirname, '..', '..', '..');

/** Of packages/db, built. */
const DATA_SOURCE = resolve(REPOSITORY_ROOT, 'packages', 'db', 'dist', 'data-source.js');

/** `holdfast migrate` as arguments of Node's. @param dataSourceFile Default: the declared schema. */
export function holdfastMigrate(dataSourceFile: string = DATA_SOURCE): readonly string[] {
  return [
    resolve(REPOSITORY_ROOT, 'packages', 'online-schema', 'bin', 'holdfast.js'),
    'migrate',
    '-d',
    dataSourceFile,
  ];
}

/** `typeorm migration:run` of the DataSource in that file. */
export function typeormRun(dataSourceFile: string): readonly string[] {
  return [require.resolve('typeorm/cli.js'), 'migration:run', '-d', dataSourceFile];
}
