import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApiKeyText } from '@holdfast/api';

const SECRET_BYTES = 32;
const DEVELOPMENT_KEY = 'development-key';

/** The pepper under which API keys of a local service are hashed: keys outlive a restart. */
export function readPepper(directory: string): Promise<string> {
  return readSecret(directory, 'api-key-pepper', createSecret);
}

/** The password of the role that a local service has on the local server. */
export function readServicePassword(directory: string): Promise<string> {
  return readSecret(directory, 'service-password', createSecret);
}

/** The API key that a local service is tried with. */
export function readDevelopmentKey(directory: string): Promise<string> {
  return readSecret(directory, DEVELOPMENT_KEY, () => createApiKeyText('development').text);
}

/** The next look finds another development key, as the one there was is revoked. */
export async function forgetDevelopmentKey(directory: string): Promise<void> {
  await rm(join(directory, DEVELOPMENT_KEY), { force: true });
}

const createSecret = () => randomBytes(SECRET_BYTES).toString('base64url');

/** A secret of the folder: made by whoever needs it first, and kept there, readable by its owner alone. */
async function readSecret(directory: string, name: string, create: () => string): Promise<string> {
  const file = join(directory, name);
  if (existsSync(file)) return readFile(file, 'utf8');
  await mkdir(directory, { recursive: true });
  // Written aside and then named: of two starts at the same time neither reads what the other has half written.
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, create(), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}
