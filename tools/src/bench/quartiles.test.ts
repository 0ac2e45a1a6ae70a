import { readPairedRatio, readQuartiles } from './quartiles';

describe('quartiles', () => {
  it('are read from samples in any order, which stay as they were', () => {
    const samples = [5, 1, 4, 2, 3];
    expect(readQuartiles(samples)).toEqual({ lower: 2, median: 3, upper: 4 });
    expect(samples).toEqual([5, 1, 4, 2, 3]);
  });

  it('lie between two samples where none is in the place', () => {
    expect(readQuartiles([1, 2, 3, 4])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 });
  });

  it('are all the same for a single sample, and no numbers for none', () => {
    expect(readQuartiles([7])).toEqual({ lower: 7, median: 7, upper: 7 });
    expect(readQuartiles([]).median).toBeNaN();
  });
});

describe('a paired ratio', () => {
  it('is untouched by what slows down whole rounds', () => {
    expect(readPairedRatio([20, 2000, 40], [10, 1000, 20])).toEqual({ lower: 2, median: 2, upper: 2 });
  });

  it('is no number when the rounds have no partner', () => {
    expect(readPairedRatio([20], []).median).toBeNaN();
  });
});
