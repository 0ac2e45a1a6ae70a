import type { ExpectedVersions } from '@holdfast/db';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidHeaderError } from './invalid-header-error';

/** A change came without the version that it is meant for. */
export class PreconditionRequiredError extends Error {
  override readonly name = 'PreconditionRequiredError';
  readonly code = 'HOLDFAST_PRECONDITION_REQUIRED';

  constructor() {
    super('a change needs the header if-match');
  }
}

/** Something with a version, and with traces of its use, which move on without a change. */
export interface Versioned {
  readonly version: number;
  readonly lastUsedAt?: Date | null;
  readonly lastLoginAt?: Date | null;
  readonly currentLoginAt?: Date | null;
}

/** A list of entity tags (RFC 9110), the weak ones among them. */
const TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;
const TAG = /(W\/)?("[^"]*")/g;
/** The version, then what is no change: when it was last used. */
const OURS = /^"(\d{1,9})(?:-[0-9a-z.]*)?"$/;

/**
 * The entity tag of a row, a strong one: it differs wherever the answer does. `"3-mbq1x2y3"` is version 3, used at some
 * time; a change is meant for the version alone, so that nobody has to hurry who changes what is in use.
 */
export function renderTag({ version, lastUsedAt, lastLoginAt, currentLoginAt }: Versioned): string {
  const uses = [lastUsedAt, lastLoginAt, currentLoginAt].filter((at) => at !== undefined);
  const isUsed = uses.some((at) => at !== null);
  const trace = uses.map((at) => at?.getTime().toString(36) ?? '').join('.');
  return isUsed ? `"${version}-${trace.replaceAll('-', 'n')}"` : `"${version}"`;
}

/** The answer carries the tag of the row. Tells whether the client, by if-none-match, has this one already. */
export function tagAnswer({ headers }: FastifyRequest, reply: FastifyReply, row: Versioned): boolean {
  const tag = renderTag(row);
  reply.header('etag', tag);
  const known = readTags('if-none-match', headers['if-none-match']);
  return known === 'any' || (known ?? []).some((one) => one.tag === tag);
}

/**
 * The versions that a change is meant for, by if-match. A weak tag stands for none.
 *
 * @throws PreconditionRequiredError
 * @throws InvalidHeaderError
 */
export function readExpectedVersions({ headers }: FastifyRequest): ExpectedVersions {
  const tags = readTags('if-match', headers['if-match']);
  if (tags === undefined) throw new PreconditionRequiredError();
  if (tags === 'any') return 'any';
  return tags.flatMap(({ isWeak, tag }) => {
    const [, version] = OURS.exec(tag) ?? [];
    return isWeak || version === undefined ? [] : [Number(version)];
  });
}

interface Tag {
  readonly isWeak: boolean;
  readonly tag: string;
}

function readTags(header: string, value: string | undefined): readonly Tag[] | 'any' | undefined {
  if (value === undefined) return undefined;
  if (value.trim() === '*') return 'any';
  if (!TAGS.test(value)) throw new InvalidHeaderError(header, '* or a list of entity tags, each in quotes');
  return [...value.matchAll(TAG)].map(([, weak, tag = '']) => ({ isWeak: weak !== undefined, tag }));
}
