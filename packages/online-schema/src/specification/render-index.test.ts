import { isWholeIdentifier, quoteIdentifier, quoteLiteral } from './identifier';
import { renderCreateIndex, renderDropIndex } from './render-index';

describe('rendering an index', () => {
  it('writes every part in the order of PostgreSQL grammar', () => {
    const sql = renderCreateIndex(
      {
        schema: 'app',
        table: 'users',
        name: 'idx',
        keys: ['(lower("email")) text_pattern_ops', '"id" DESC NULLS LAST'],
        unique: true,
        nullsNotDistinct: true,
        include: ['role'],
        where: '"email" is not null',
        storage: { fillfactor: 90, deduplicate_items: false },
      },
      { concurrently: true },
    );
    expect(sql).toBe(
      'CREATE UNIQUE INDEX CONCURRENTLY "idx" ON "app"."users" USING btree ' +
        '((lower("email")) text_pattern_ops, "id" DESC NULLS LAST) INCLUDE ("role") NULLS NOT DISTINCT ' +
        'WITH ("fillfactor" = 90, "deduplicate_items" = false) WHERE "email" is not null',
    );
  });

  it('never hides an invalid index behind IF NOT EXISTS', () => {
    const definition = { table: 't', name: 'i', keys: ['"a"'] };
    expect(renderCreateIndex(definition, { concurrently: true })).not.toMatch(/if not exists/i);
  });

  it('drops concurrently', () => {
    expect(renderDropIndex({ schema: 's', name: 'i' })).toBe('DROP INDEX CONCURRENTLY "s"."i"');
  });

  it('quotes what people put into names and values', () => {
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(quoteLiteral(`it's`)).toBe(`'it''s'`);
    expect(quoteLiteral('back\\slash')).toBe(`E'back\\\\slash'`);
    expect(isWholeIdentifier('ü'.repeat(32))).toBe(false);
  });
});
