import type { EntityMetadata } from 'typeorm';
import { quoteIdentifier, quoteTable } from './identifier';

describe('quoting', () => {
  it.each([
    ['plain', '"plain"'],
    ['Camel Case', '"Camel Case"'],
    ['a"b', '"a""b"'],
    ['"; DROP TABLE t; --', '"""; DROP TABLE t; --"'],
    ['a.b', '"a.b"'],
  ])('makes one identifier of %s', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });

  it('names the schema only when the entity does', () => {
    expect(quoteTable({ tableName: 't.1', schema: 's"' } as EntityMetadata)).toBe('"s"""."t.1"');
    expect(quoteTable({ tableName: 't' } as EntityMetadata)).toBe('"t"');
  });
});
