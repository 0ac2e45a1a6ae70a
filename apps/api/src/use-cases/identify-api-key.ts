import { type ApiKey, ApiKeyRepository } from '@holdfast/db';
import type { EntityManager } from 'typeorm';
import { hashApiKey, isApiKeyText } from '../api-key-text';
import type { Database } from '../database';
import { Identity } from '../identity';

/** What keys are identified by. */
export interface KeyTerms {
  readonly pepper: string;
  readonly now: Date;
}

/**
 * Whose key a client presents, if it can be used at this moment; its use is noted, at most once a minute. What is no key
 * by its form or checksum costs no query.
 */
export async function identifyApiKey(
  database: Database,
  terms: KeyTerms,
  text: string,
): Promise<Identity | null> {
  return (await identifyApiKeys(database, terms, [text])).get(text) ?? null;
}

/** As `identifyApiKey`, with one question for all of them. What cannot be used is not in the answer. */
export async function identifyApiKeys(
  database: Database,
  { pepper, now }: KeyTerms,
  texts: readonly string[],
): Promise<ReadonlyMap<string, Identity>> {
  const wanted = texts.filter(isApiKeyText).map((text) => ({ text, keyHash: hashApiKey(text, pepper) }));
  if (wanted.length === 0) return NOBODY;
  const hashes = wanted.map(({ keyHash }) => keyHash);
  const keys = await database.read('identify API key', (manager) => findKeys(manager, hashes, now));
  const identities = new Map<string, Identity>();
  const notes: Promise<void>[] = [];
  for (const [at, { text, keyHash }] of wanted.entries()) {
    const key = keys[at] ?? null;
    if (key === null) continue;
    identities.set(text, new Identity(key, keyHash));
    if (isUseDue(key, now)) notes.push(noteUse(database, keyHash, now));
  }
  if (notes.length > 0) await Promise.all(notes);
  return identities;
}

async function findKeys(
  manager: EntityManager,
  hashes: readonly Buffer[],
  now: Date,
): Promise<readonly (ApiKey | null)[]> {
  const repository = new ApiKeyRepository(manager);
  const [only] = hashes;
  return only === undefined || hashes.length > 1
    ? repository.findManyUsable(hashes, now)
    : [await repository.findUsable(only, now)];
}

/** The key is as good without the note, as after a failover to a server that takes no writes yet. */
async function noteUse(database: Database, keyHash: Buffer, now: Date): Promise<void> {
  const noted = database.statement(
    'record use of API key',
    (manager) => new ApiKeyRepository(manager).recordUse(keyHash, now),
    { idempotent: true },
  );
  await noted.catch(() => undefined);
}

/** Most uses are within the minute, and need no statement to find that out. */
function isUseDue({ lastUsedAt }: ApiKey, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > USE_RESOLUTION_MS;
}

/** As the repository counts uses. */
const USE_RESOLUTION_MS = 60_000;
const NOBODY: ReadonlyMap<string, Identity> = new Map();
