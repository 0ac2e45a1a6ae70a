import { openTemporaryServer } from '@holdfast/local-postgres';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { judgeConvergence } from './convergence/convergence-claims';
import { crashPlainRunners } from './convergence/crash-plain-runners';
import { crashServers } from './convergence/crash-servers';
import { killRunners } from './convergence/kill-runners';
import {
  CONVERGENCE_OPTIONS,
  type ConvergenceOptionName,
  readConvergenceOptions,
} from './convergence/options';
import { raceRunners } from './convergence/race-runners';
import { renderKills, renderLegend, renderRaces, renderSetting } from './convergence/report';
import { openStage } from './convergence/stage';

const ABOUT = `Shows that a migration of all indexes, whatever kills its runner or its server and wherever, is finished by one more
\`holdfast migrate\`: the catalog is then exactly the declared one. And that of twenty runners at once one works.`;

/** Pages are written whole, because a killed process may leave half of one; the machine itself does not crash. */
const SERVER_SETTINGS = Object.freeze({
  full_page_writes: true,
  max_connections: 200,
  deadlock_timeout: '100ms',
});

async function prove({
  options,
  signal,
  show,
  say,
}: MeasurementRun<ConvergenceOptionName>): Promise<Findings> {
  const setting = readConvergenceOptions(options);
  await using server = await openTemporaryServer({ settings: SERVER_SETTINGS, signal });
  say('Preparing the tables, and one run that nobody disturbs …');
  const stage = await openStage(server, setting);
  show(renderSetting(setting, stage, server.version));
  const run = { server, setting, stage, signal, say };
  say('Killing runners …');
  const runners = await killRunners(run);
  say('Crashing the server …');
  const servers = await crashServers(run);
  say('Crashing the server under a plain migration (control) …');
  const plain = await crashPlainRunners(run);
  show(renderKills({ runners, servers, plain }));
  say('Racing …');
  const races = await raceRunners(run);
  show(renderRaces(races, setting));
  show(renderLegend());
  const figures = { runners, servers, plain, races };
  return {
    figures: { setting, postgres: server.version, ...figures },
    claims: judgeConvergence(figures, setting),
  };
}

void runMeasurement({
  family: 'proof',
  name: 'convergence',
  about: ABOUT,
  aboutQuick: 'fewer kills and rounds; every claim still decides',
  options: CONVERGENCE_OPTIONS,
  run: prove,
});
