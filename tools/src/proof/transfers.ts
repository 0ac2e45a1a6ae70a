import { openTemporaryServer } from '@holdfast/local-postgres';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { readTransfersOptions, TRANSFERS_OPTIONS, type TransfersOptionName } from './transfers/options';
import { renderLegend, renderRuns, renderSetting } from './transfers/report';
import { type RunFigures, runWay } from './transfers/run-way';
import { judgeTransfers, type TransfersFigures } from './transfers/transfers-claims';
import { TITLES, WAYS, type Way } from './transfers/ways';

const ABOUT = `Shows, on a PostgreSQL of its own, that a unit of work of packages/postgres applies a transfer exactly once or not at all,
and tells which, while connections are cut and frozen at COMMIT and elsewhere and the server crashes.`;

/**
 * A crash of the server loses no commit. Pages are written whole, because a killed process may leave half of one; nothing
 * is flushed to the disk, because the machine does not crash.
 */
const SERVER_SETTINGS = Object.freeze({ full_page_writes: true, deadlock_timeout: '100ms' });

/** Makes all transfers in every way, and judges what the clients were told by the books. */
async function prove({ options, signal, show, say }: MeasurementRun<TransfersOptionName>): Promise<Findings> {
  const setting = readTransfersOptions(options);
  await using server = await openTemporaryServer({ settings: SERVER_SETTINGS, signal });
  show(renderSetting(setting, server.version));
  const runs: Partial<Record<Way, RunFigures>> = {};
  for (const way of WAYS) {
    say(`Transferring: ${TITLES[way]} …`);
    runs[way] = await runWay(way, { server, setting, signal });
  }
  const figures = runs as TransfersFigures;
  for (const table of renderRuns(figures)) show(table);
  show(renderLegend(setting));
  return {
    figures: { setting, postgres: server.version, runs: figures },
    claims: judgeTransfers(figures, setting),
  };
}

void runMeasurement({
  family: 'proof',
  name: 'transfers',
  about: ABOUT,
  aboutQuick: 'fewer transfers and fewer faults; every claim still decides',
  options: TRANSFERS_OPTIONS,
  run: prove,
});
