import { phraseForLiteralSet } from './phrase-for-literal-set';

const HASH =
  'uuid_hash_extended("e"."user_id", hashtextextended("e"."event_type", 0)) = uuid_hash_extended($1, hashtextextended($2, 0))';

describe('the words for the literal set', () => {
  it('name the keys that the shipped index has in one hash', () => {
    expect(
      phraseForLiteralSet(
        `SELECT 1 FROM "events" "e" WHERE ${HASH} AND coalesce("e"."user_id" = $1 and "e"."event_type" = $2, false) AND "e"."user_id" is not null`,
      ),
    ).toBe(
      'SELECT 1 FROM "events" "e" WHERE "e"."user_id" = $1 and "e"."event_type" = $2 AND "e"."user_id" is not null',
    );
  });

  it('are those of the application for everything else', () => {
    const sql = 'select * from events where coalesce(user_id = $1, false)';
    expect(phraseForLiteralSet(sql)).toBe(sql);
  });

  it('are refused for a hash that is asked for in another way', () => {
    expect(() => phraseForLiteralSet(`select 1 from events e where ${HASH}`)).toThrow('cannot be put');
  });
});
