import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A package that this folder uses, with its version: `kysely 0.28.19`. */
export function describePackage(name: string): string {
  return describeDependency(name, __dirname);
}

/** A package as another one finds it, which may have its own. */
export function describeDependencyOf(owner: string, name: string): string {
  return describeDependency(name, findPackage(owner, __dirname));
}

function describeDependency(name: string, from: string): string {
  const { version } = JSON.parse(readFileSync(join(findPackage(name, from), 'package.json'), 'utf8'));
  return `${name} ${version}`;
}

/** The folder of a package: entries of packages do not all tell it, and `package.json` is not always among them. */
function findPackage(name: string, from: string): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    try {
      readFileSync(join(found, 'package.json'));
      return found;
    } catch {
      // It is further up.
    }
  }
  throw new Error(`there is no package ${name} for ${from}`);
}
