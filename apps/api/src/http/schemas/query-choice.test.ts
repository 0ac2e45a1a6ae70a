import { z } from 'zod';
import { queryOf, renderChoice } from './query-choice';

const text = z.string().optional();
const query = queryOf({ status: text, name: text, limit: text }, [['status', 'limit?'], ['name']]);

describe('queryOf', () => {
  it.each([{ status: 'a' }, { status: 'a', limit: '5' }, { name: 'a' }])('accepts a choice: %j', (given) => {
    expect(query.safeParse(given).success).toBe(true);
  });

  it.each([{}, { limit: '5' }, { name: 'a', limit: '5' }, { status: 'a', name: 'b' }])(
    'refuses what is no choice and says what is: %j',
    (given) => {
      expect(query.safeParse(given).error?.issues.map(({ message }) => message)).toEqual([
        'Invalid combination: allowed is one of ?status=[&limit=]; ?name=',
      ]);
    },
  );

  it('refuses a parameter it does not know', () => {
    expect(query.safeParse({ status: 'a', sort: 'b' }).error?.issues[0]).toMatchObject({ keys: ['sort'] });
  });
});

describe('renderChoice', () => {
  it('marks what may be left out', () => {
    expect(renderChoice(['a', 'b?', 'c'])).toBe('?a=[&b=]&c=');
  });
});
