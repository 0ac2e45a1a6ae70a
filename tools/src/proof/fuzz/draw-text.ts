import fc, { type Arbitrary } from 'fast-check';
import type { Random } from '../random';
import { drawWhole, pick, pickWeighted } from './draw';

/** Texts that look like more than they are, all of them characters that may be stored. */
const TELLING = Object.freeze([
  "'; drop table users; --",
  '" or ""="',
  '%_\\%',
  '#{7*7} $(id)',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  'null',
  'undefined',
  'NaN',
  '0',
  '-1',
  'true',
  '[]',
  '{}',
  '\u202eright to left',
  'e\u0301\u0323',
  '\u{1f469}\u200d\u{1f680}',
  'İstanbul ß ﬁ',
  '\ufeffmark',
  ' padded ',
  'line\nbreak\ttab',
  '\u0001\u001f\u007f',
]);

const ALPHABETS = Object.freeze([
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  'äöüßéèñçøåłžșğ你好世界привет',
  '\'"`\\/%_*?&=+;:,.!@#$^()[]{}<>|~- ',
]);

/** A text of so many characters at least and at most, mostly a short one, now and then the longest there may be. */
export function drawText(random: Random, min: number, max: number): string {
  const most = Math.min(max, 2_000);
  const telling = pick(random, TELLING);
  if (random() < 0.15 && telling.length >= min && telling.length <= most) return telling;
  const length = pickWeighted(random, [
    [80, drawWhole(random, min, Math.min(most, min + 12))],
    [10, most],
    [10, min],
  ]);
  const alphabet = [...pick(random, ALPHABETS)];
  return Array.from({ length }, () => pick(random, alphabet)).join('');
}

const matching = new Map<string, Arbitrary<string>>();

/** A text that matches a regular expression. */
export function drawMatching(random: Random, pattern: string): string {
  let arbitrary = matching.get(pattern);
  if (arbitrary === undefined) {
    arbitrary = fc.stringMatching(new RegExp(pattern));
    matching.set(pattern, arbitrary);
  }
  const [text = ''] = fc.sample(arbitrary, { seed: drawWhole(random, 1, 2 ** 30), numRuns: 1 });
  return text;
}

export function drawUuid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => drawWhole(random, 0, 15).toString(16)).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A moment of ISO 8601, with a zone. */
export function drawMoment(random: Random): string {
  const year = pickWeighted(random, [
    [70, drawWhole(random, 1990, 2040)],
    [15, drawWhole(random, 1, 9_999)],
    [15, drawWhole(random, 2_900, 3_000)],
  ]);
  const two = (min: number, max: number) => String(drawWhole(random, min, max)).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(1, 12)}-${two(1, 28)}`;
  const fraction = pick(random, ['', '.5', '.123', '.123456789']);
  const zone = pick(random, ['Z', 'Z', '+00:00', '-11:30', '+14:00']);
  return `${date}T${two(0, 23)}:${two(0, 59)}:${two(0, 59)}${fraction}${zone}`;
}
