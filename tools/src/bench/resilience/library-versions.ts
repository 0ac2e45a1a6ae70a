import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of an installed package, from the nearest package.json above its entry. */
export function readLibraryVersion(name: string): string {
  for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const manifest: { readonly name?: string; readonly version?: string } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    if (manifest.name === name && manifest.version !== undefined) return manifest.version;
  }
  throw new Error(`${name}: no package.json tells its version`);
}
