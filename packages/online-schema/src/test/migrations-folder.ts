import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** Makes an empty folder for migrations, inside the package, so that they can be loaded as its sources are. */
export function makeMigrationsFolder(): string {
  const parent = join(__dirname, '..', '..', '.generated');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'migrations-'));
}
