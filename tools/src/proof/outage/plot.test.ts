import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLOTTED_SCENARIOS, type PlottedTimelines, renderPlot } from './plot';
import { SCENARIOS } from './scenarios';
import { QUICK_SETTING, type Setting } from './setting';
import { simulate, type Timeline } from './simulate';

const BUILT = join(__dirname, '../../../dist/proof/outage');
const COMMITTED = join(__dirname, '../../../../packages/resilience/docs/outage.svg');

/** The default run, by the built files: half a million timers take twice as long inside of Jest. */
const DRAW_DEFAULT = `
  const { PLOTTED_SCENARIOS, renderPlot } = require('./plot');
  const { SCENARIOS } = require('./scenarios');
  const { FULL_SETTING } = require('./setting');
  const { simulate } = require('./simulate');
  (async () => {
    const timelines = {};
    for (const name of PLOTTED_SCENARIOS) timelines[name] = await simulate(SCENARIOS[name], 'refused', FULL_SETTING);
    process.stdout.write(renderPlot(timelines, FULL_SETTING));
  })();
`;

async function plot(setting: Setting): Promise<string> {
  const timelines: Partial<Record<keyof PlottedTimelines, Timeline>> = {};
  for (const name of PLOTTED_SCENARIOS) {
    timelines[name] = await simulate(SCENARIOS[name], 'refused', setting);
  }
  return renderPlot(timelines as PlottedTimelines, setting);
}

describe('the plot of the outage', () => {
  it('in the documentation is what the policies do now', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', DRAW_DEFAULT], {
      cwd: BUILT,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    // To renew it: npm run proof:outage
    expect(stdout).toBe(readFileSync(COMMITTED, 'utf8'));
  });

  describe('of a short outage', () => {
    const short = { ...QUICK_SETTING, clients: 50, processes: 1, outageSeconds: 5, recoverySeconds: 5 };

    it('is the same bytes for the same seed', async () => {
      expect(await plot(short)).toBe(await plot(short));
    });

    it('is another one for another seed', async () => {
      expect(await plot({ ...short, seed: 2 })).not.toBe(await plot(short));
    });
  });
});
