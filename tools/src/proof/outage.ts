import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../measurement/claims';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { readFigures } from './outage/figures';
import { OUTAGE_OPTIONS, type OutageOptionName, readOutageOptions } from './outage/options';
import { judgeClaims, type OutageFigures } from './outage/outage-claims';
import { renderPlot } from './outage/plot';
import { renderJson, renderLegend, renderOutage, renderSetting } from './outage/report';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './outage/scenarios';
import { FULL_SETTING, OUTAGE_KINDS, type OutageKind, type Setting } from './outage/setting';
import { simulate, type Timeline } from './outage/simulate';

// The same from `src` and from `dist`.
const REPOSITORY_ROOT = resolve(__dirname, '..', '..', '..');
const COMMITTED_PLOT = resolve(REPOSITORY_ROOT, 'packages', 'resilience', 'docs', 'outage.svg');

type Timelines = Readonly<Record<ScenarioName, Timeline>>;

const ABOUT = `Shows, on a simulated minute of outage and with the real policies, that a retry budget keeps the load on a dependency
at no more than 1.2 times the demand, that a breaker takes most of it away, and that neither rushes in when it is back.`;

/** An outage, simulated with and without the policies; what they promise is checked. */
async function prove({ options, signal, show }: MeasurementRun<OutageOptionName>): Promise<Findings> {
  const { setting, plotFile } = readOutageOptions(options);
  show(renderSetting(setting));
  const results = new Map<OutageKind, OutageFigures>();
  const claims: Claim[] = [];
  for (const outage of OUTAGE_KINDS) {
    const timelines = await simulateAll(outage, setting, signal);
    const figures = readAllFigures(timelines, setting);
    results.set(outage, figures);
    claims.push(...judgeClaims(outage, figures, setting));
    show(renderOutage(outage, figures));
    if (outage === 'refused') {
      const plot = await writePlot(timelines, setting, plotFile);
      if (plot !== undefined) show(`Plot of this outage: ${relative(process.cwd(), plot)}`);
    }
  }
  show(renderLegend(setting));
  return { figures: { setting, outages: renderJson(results) }, claims };
}

async function simulateAll(outage: OutageKind, setting: Setting, signal: AbortSignal): Promise<Timelines> {
  const timelines: Partial<Record<ScenarioName, Timeline>> = {};
  for (const name of SCENARIO_NAMES) {
    timelines[name] = await simulate(SCENARIOS[name], outage, setting, signal);
  }
  return timelines as Timelines;
}

function readAllFigures(timelines: Timelines, setting: Setting): OutageFigures {
  const entries = SCENARIO_NAMES.map((name) => [name, readFigures(timelines[name], setting)]);
  return Object.fromEntries(entries) as OutageFigures;
}

/**
 * The committed plot is that of the default run; any other run writes one only where it is told to.
 * @returns the file that was written, if one was.
 */
async function writePlot(
  timelines: Timelines,
  setting: Setting,
  plotFile: string | undefined,
): Promise<string | undefined> {
  const isDefault = isDeepStrictEqual(setting, FULL_SETTING);
  const file = plotFile === undefined ? (isDefault ? COMMITTED_PLOT : undefined) : resolve(plotFile);
  if (file === undefined) return undefined;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, renderPlot(timelines, setting));
  return file;
}

void runMeasurement({
  family: 'proof',
  name: 'outage',
  about: ABOUT,
  aboutQuick: 'fewer clients, half the outage; writes no plot unless --plot is given',
  options: OUTAGE_OPTIONS,
  run: prove,
});
