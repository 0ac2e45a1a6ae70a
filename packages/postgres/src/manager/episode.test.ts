import { Episode } from './episode';

describe('an episode', () => {
  it('begins at the first true reading, and says so once', () => {
    const episode = new Episode(100);
    expect(episode.note(false, 0, 0)).toBeUndefined();
    expect(episode.isOpen).toBe(false);
    expect(episode.note(true, 9, 10)).toEqual({ kind: 'began' });
    expect(episode.note(true, 9, 20)).toBeUndefined();
    expect(episode.isOpen).toBe(true);
  });

  it('ends once its condition has been false for long enough, and lasted until that was seen last', () => {
    const episode = new Episode(100);
    episode.note(true, 9, 10);
    episode.note(true, 10, 50);
    expect(episode.note(false, 3, 149)).toBeUndefined();
    expect(episode.note(false, 3, 150)).toEqual({ kind: 'ended', durationMs: 40, peak: 10 });
    expect(episode.isOpen).toBe(false);
    expect(episode.note(false, 3, 500)).toBeUndefined();
  });

  it('is one however often its condition flaps', () => {
    const episode = new Episode(100);
    const changes = Array.from({ length: 1000 }, (_, at) => episode.note(at % 2 === 0, 9, at * 99));
    expect(changes.filter((change) => change !== undefined)).toEqual([{ kind: 'began' }]);
  });

  it('is followed by another, which has a peak of its own', () => {
    const episode = new Episode(100);
    episode.note(true, 10, 0);
    episode.note(false, 0, 100);
    expect(episode.note(true, 9, 200)).toEqual({ kind: 'began' });
    expect(episode.note(false, 0, 300)).toEqual({ kind: 'ended', durationMs: 0, peak: 9 });
  });
});
