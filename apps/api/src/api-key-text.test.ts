import { createApiKeyText, hashApiKey, isApiKeyText, prefixOf } from './api-key-text';

const PEPPER = 'a pepper of thirty-two bytes, or more';

describe('the text of an API key', () => {
  it('is another one each time, of the documented form', () => {
    const made = Array.from({ length: 1_000 }, () => createApiKeyText('production'));
    expect(new Set(made.map(({ text }) => text)).size).toBe(made.length);
    for (const { text, prefix } of made) {
      expect(text).toMatch(/^hf_production_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/);
      expect(text.startsWith(`${prefix}_`)).toBe(true);
      expect(prefixOf(text)).toBe(prefix);
      expect(isApiKeyText(text)).toBe(true);
    }
  });

  it('is told from a text in which any one character differs', () => {
    const { text } = createApiKeyText('test');
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'x' ? 'y' : 'x';
      expect(isApiKeyText(text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
    }
  });

  it.each(['', 'hf_', 'hf_test', ' ', 'hf_test_12345678_secret_000000'])('is not %j', (text) => {
    expect(isApiKeyText(text)).toBe(false);
  });

  it('is hashed to 32 bytes that depend on the pepper', () => {
    const { text } = createApiKeyText('test');
    const hash = hashApiKey(text, PEPPER);
    expect(hash).toHaveLength(32);
    expect(hashApiKey(text, PEPPER)).toEqual(hash);
    expect(hashApiKey(text, `${PEPPER}!`)).not.toEqual(hash);
  });
});
