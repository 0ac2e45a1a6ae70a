import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The bytes of all files below a folder. What disappears or may not be read while it is counted does not count. */
export async function measureFolder(path: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) bytes += await measureFolder(child);
    else bytes += (await lstat(child).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}

/** A size as people read it: `41.2 MB`. */
export function renderSize(sizeBytes: number): string {
  return sizeBytes < 1e9 ? `${(sizeBytes / 1e6).toFixed(1)} MB` : `${(sizeBytes / 1e9).toFixed(1)} GB`;
}
