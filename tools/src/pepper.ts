import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'api-key-pepper';
const PEPPER_BYTES = 32;

/**
 * The pepper under which API keys of a local service are hashed: made by the first start, and kept in the folder, readable by
 * its owner alone, so that keys outlive a restart.
 */
export async function readPepper(directory: string): Promise<string> {
  const file = join(directory, FILE);
  if (existsSync(file)) return readFile(file, 'utf8');
  await mkdir(directory, { recursive: true });
  // Written aside and then named: of two starts at the same time neither reads what the other has half written.
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, randomBytes(PEPPER_BYTES).toString('base64url'), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}
