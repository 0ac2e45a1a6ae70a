import type { DataOptions } from './data-setting';
import { generateData } from './generate-data';
import { ACCOUNT_PLOTS } from './plots/account-plots';
import { LOG_PLOTS } from './plots/log-plots';
import { readProfile } from './profile';

/** What the documentation's plots are drawn from: the model's defaults, at a scale that shows its tails. */
export const PLOTTED_DATA: DataOptions = Object.freeze({ events: 100_000 });

/**
 * Draws what is really generated beside what the model says, as SVG documents by the names of their files. The same
 * options give the same bytes.
 *
 * @throws InvalidOptionError
 */
export function drawPlots(options: DataOptions): ReadonlyMap<string, string> {
  const data = generateData(options);
  const profile = readProfile(data);
  const plots = Object.entries({ ...LOG_PLOTS, ...ACCOUNT_PLOTS });
  return new Map(plots.map(([name, draw]) => [`${name}.svg`, draw(profile, data.setting)]));
}
