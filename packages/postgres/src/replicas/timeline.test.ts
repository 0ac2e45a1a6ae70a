import { NewestTimelines } from './timeline';

describe('a timeline', () => {
  it('is over once a higher one of the same cluster was seen, whatever was seen last', () => {
    const newest = new NewestTimelines();
    newest.note({ system: 'a', number: 2 });
    newest.note({ system: 'a', number: 1 });
    expect([1, 2, 3].map((number) => newest.compare({ system: 'a', number }))).toEqual([
      'over',
      'current',
      'newer',
    ]);
  });

  it('says nothing about another cluster, as behind a name that leads somewhere else', () => {
    const newest = new NewestTimelines();
    newest.note({ system: 'a', number: 5 });
    expect(newest.compare({ system: 'b', number: 1 })).toBeUndefined();
  });
});
