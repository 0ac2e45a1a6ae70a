import type { ApiKey, ApiKeyScope } from '@holdfast/db';
import type { Actor } from './database';

/** Whose rows they are that belong to no organization: as the policies of the database have it. */
const NO_ORGANIZATION = '00000000-0000-0000-0000-000000000000';

/** Who asks: the key that a request came with. */
export class Identity implements Actor {
  readonly keyId: string;
  readonly userId: string;
  /** Null for an operator's key, which sees everything. */
  readonly organizationId: string | null;
  readonly scopes: readonly ApiKeyScope[];
  /** Whoever has it can act for the key: a private field is in no line of a log. */
  readonly #keyHash: Buffer;

  constructor({ id, userId, organizationId, scopes }: ApiKey, keyHash: Buffer) {
    this.keyId = id;
    this.userId = userId;
    this.organizationId = organizationId;
    this.scopes = Object.freeze([...scopes]);
    this.#keyHash = keyHash;
  }

  get keyHash(): Buffer {
    return this.#keyHash;
  }

  /** The organization, or a name for operators. */
  get tenant(): string {
    return this.organizationId ?? NO_ORGANIZATION;
  }
}
