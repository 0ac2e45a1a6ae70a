import { MigrationProgress } from './migration-progress';

function follow(total: number, applied: number): string {
  const progress = new MigrationProgress();
  for (let number = 1; number <= Math.min(applied + 1, total); number++) {
    progress.follow({ type: 'started', name: 'Initial1', number, total });
    if (number <= applied) progress.follow({ type: 'applied', name: 'Initial1', elapsedMs: 1 });
  }
  return String(progress);
}

describe('the progress of migrations', () => {
  it.each([
    [2, 0, '0 of 2 migrations applied'],
    [2, 1, '1 of 2 migrations applied'],
    [1, 0, '0 of 1 migration applied'],
  ])('of %d pending and %d applied reads as people say it', (total, applied, text) => {
    expect(follow(total, applied)).toBe(text);
  });

  it('counts nothing before it is known how many are pending', () => {
    const progress = new MigrationProgress();
    progress.follow({ type: 'waiting', holder: undefined });
    expect(String(progress)).toBe('no migration applied');
  });
});
