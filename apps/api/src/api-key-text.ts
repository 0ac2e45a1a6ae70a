import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * `hf_<environment>_<8 characters>_<secret>_<checksum>`: people tell keys apart by the beginning, scanners find them by the
 * form, and the checksum tells a key from what only looks like one without asking the database.
 */
const FORM = /^(hf_[a-z]+_[0-9A-Za-z]{8}_[0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_BYTES = 32;
/** As many digits as 32 bytes may need. */
const SECRET_LENGTH = 43;
const PREFIX_LENGTH = 8;
const CHECKSUM_LENGTH = 6;

/** A new key, and the part of it that is no secret. */
export interface ApiKeyText {
  /** Shown once, kept nowhere. */
  readonly text: string;
  readonly prefix: string;
}

/** Makes a key with 32 random bytes. */
export function createApiKeyText(environment: string): ApiKeyText {
  const name = renderDigits(randomBytes(PREFIX_LENGTH), PREFIX_LENGTH);
  const prefix = `hf_${environment}_${name}`;
  const body = `${prefix}_${renderDigits(randomBytes(SECRET_BYTES), SECRET_LENGTH)}`;
  return { text: `${body}_${checksumOf(body)}`, prefix };
}

/** The part of a key that is no secret. */
export function prefixOf(text: string): string {
  return text.split('_', 3).join('_');
}

/** Asks whether a text has the form and the checksum of a key. Whether there is such a key, only the database knows. */
export function isApiKeyText(text: string): boolean {
  const [, body, checksum] = FORM.exec(text) ?? [];
  // Anybody can work out the checksum of what they present: there is nothing to measure.
  return body !== undefined && checksum === checksumOf(body);
}

/**
 * The keyed hash under which a key is stored and found: HMAC-SHA-256, 32 bytes. Keys are found by the hash in an index,
 * whose comparisons may be measured in vain: without the pepper nobody can choose what a hash begins with.
 */
export function hashApiKey(text: string, pepper: string): Buffer {
  return createHmac('sha256', pepper).update(text).digest();
}

/** In numbers rather than by `renderDigits`: it is asked for with every request. */
function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let at = 0; at < CHECKSUM_LENGTH; at += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** The last digits of a number in base 62. */
function renderDigits(bytes: Buffer, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let digits = '';
  for (let at = 0; at < length; at += 1) {
    digits = ALPHABET.charAt(Number(rest % 62n)) + digits;
    rest /= 62n;
  }
  return digits;
}
