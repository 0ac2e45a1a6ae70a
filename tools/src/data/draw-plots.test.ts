import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawPlots, PLOTTED_DATA } from './draw-plots';

const COMMITTED = join(__dirname, '../../../docs/benchmark-data');

describe('the plots of the data', () => {
  it('in the documentation are what the generator makes now', () => {
    const plots = drawPlots(PLOTTED_DATA);
    expect(readdirSync(COMMITTED).sort()).toEqual([...plots.keys()].sort());
    // To renew them: npm run bench:data -- --plot docs/benchmark-data
    for (const [name, text] of plots)
      expect([name, readFileSync(join(COMMITTED, name), 'utf8')]).toEqual([name, text]);
  });

  it('are each shown in the documentation', () => {
    const page = readFileSync(`${COMMITTED}.md`, 'utf8');
    for (const name of readdirSync(COMMITTED)) expect(page).toContain(`](benchmark-data/${name})`);
  });

  describe('of the smallest data', () => {
    const plots = drawPlots({ events: 1_000 });

    it('have no coordinate that is none, and no text below 12 px', () => {
      for (const text of plots.values()) {
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
        const sizes = [...text.matchAll(/font-size="(\d+)"/g)].map(([, size]) => Number(size));
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12);
      }
    });

    it('are other ones for another seed', () => {
      const others = drawPlots({ events: 1_000, seed: 2 });
      // Growth is the same for every seed, but for the last digits.
      const same = [...plots].filter(([name, text]) => others.get(name) === text);
      expect(same.length).toBeLessThan(plots.size / 2);
    });
  });
});
