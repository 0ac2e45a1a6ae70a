import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { paint, withTail } from './line';
import type { Look } from './look';
import { breakLines, cut, measure, neutralise } from './plain-text';

const LOOK: Look = { columns: 20, rows: 24, hasColours: false, hasUnicode: true };
const unicode = { hasUnicode: true };
const ascii = { hasUnicode: false };

describe('neutralise', () => {
  it('leaves nothing that a terminal obeys', () => {
    expect(neutralise('\u001b[2Jselect\n\t1;\u009b31m\u0007\u007f', unicode)).toBe('?[2Jselect  1;?31m??');
    expect(neutralise('\u001b]8;;http://x\u001b\\a', unicode)).toBe('?]8;;http://x?\\a');
  });

  it('shows what turns the direction of writing, and lone halves of characters', () => {
    expect(neutralise('a\u202eb\u2066c\ud800', unicode)).toBe('a?b?c?');
  });

  it('keeps every line on one line', () => {
    expect(neutralise('a\r\nb\u2028c\u0085d\ve', unicode)).toBe('a  b c d e');
  });

  it('takes joined characters apart, of which terminals make different widths', () => {
    expect(neutralise('👩\u200d💻❤\ufe0f👍\u{1f3fd}', unicode)).toBe('👩💻❤👍');
  });

  it('has ASCII alone where the locale has no more, because bytes of others may be control characters', () => {
    expect(neutralise('größe 表 \u{1f600}', ascii)).toBe('gr??e ? ?');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(neutralise(text, ascii)).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it('has no control character left of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(neutralise(text, unicode)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('measure', () => {
  it.each([
    ['abc', 3],
    ['größe', 5],
    ['gro\u0308ße', 5],
    ['表格', 4],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['🚀', 2],
    ['1#*', 3],
  ])('counts the columns of %s', (text, columns) => {
    expect(measure(text)).toBe(columns);
  });
});

describe('cut', () => {
  it('says that something is left out, and splits no wide character', () => {
    expect(cut('abcdef', 6, unicode)).toBe('abcdef');
    expect(cut('abcdef', 5, unicode)).toBe('abcd…');
    expect(cut('表表表', 5, unicode)).toBe('表表…');
    expect(cut('表表表', 4, unicode)).toBe('表…');
    expect(cut('abcdef', 5, ascii)).toBe('ab...');
    expect(cut('abcdef', 2, ascii)).toBe('');
  });
});

describe('breakLines', () => {
  it('breaks between words, and inside those that are too long, and loses nothing', () => {
    expect(breakLines('one two three', 7)).toEqual(['one two', 'three']);
    expect(breakLines('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
    expect(breakLines('表表', 1)).toEqual(['表', '表']);
  });
});

describe('paint', () => {
  it('has colours only where the terminal has them, and says the same without', () => {
    const line = [['strong', 'a'] as const, ' b'];
    expect(paint(line, LOOK)).toBe('a b');
    expect(paint(line, { ...LOOK, hasColours: true })).toBe('\u001b[1ma\u001b[0m b');
  });

  it('ends with an ellipsis where something is left out, of whichever span', () => {
    const narrow = { ...LOOK, columns: 5 };
    expect(paint(['abc', ['dim', 'def']], narrow)).toBe('abcd…');
    expect(paint(['abc', ['dim', 'de']], narrow)).toBe('abcde');
    expect(paint(['abc表', 'd', 'e'], { ...LOOK, columns: 5 })).toBe('abc…');
    expect(paint(['abcdef'], { ...narrow, hasUnicode: false })).toBe('ab...');
  });

  it('is never wider than the terminal, and never leaves a colour on', () => {
    const spans = fc.array(
      fc.tuple(fc.constantFrom('dim' as const, 'good' as const), fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(spans, fc.integer({ min: 1, max: 30 }), fc.boolean(), (line, columns, hasUnicode) => {
        const plain = paint(line, { ...LOOK, columns, hasUnicode });
        expect(measure(plain)).toBeLessThanOrEqual(columns);
        expect(plain).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
        const coloured = paint(line, { ...LOOK, columns, hasUnicode, hasColours: true });
        expect(stripVTControlCharacters(coloured)).toBe(plain);
        expect(coloured.split('\u001b[').length % 2).toBe(1);
      }),
    );
  });
});

describe('withTail', () => {
  it('shows the tail whole and cuts the beginning', () => {
    expect(paint(withTail('a'.repeat(40), undefined, '12 s', LOOK), LOOK)).toBe(`${'a'.repeat(13)}…  12 s`);
    expect(paint(withTail('short', undefined, '12 s', LOOK), LOOK)).toBe('short  12 s');
  });
});
