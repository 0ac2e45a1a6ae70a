import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readErrno } from './error';

/**
 * The folder exists, and those above it. `mkdir` with `recursive` does the same, but in Node 20 it never ends below a
 * folder that exists and takes no entries (`/proc`): it makes the parent again for as long as the child is refused.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (readErrno(error) === 'EEXIST') return;
    if (readErrno(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode }).catch(acceptExisting);
  }
}

/** Another process may have been faster. */
function acceptExisting(error: unknown): void {
  if (readErrno(error) !== 'EEXIST') throw error;
}
