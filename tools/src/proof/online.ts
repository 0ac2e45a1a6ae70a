import { openTemporaryServer } from '@holdfast/local-postgres';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { judgeOnline } from './online/online-claims';
import { ONLINE_OPTIONS, type OnlineOptionName, readOnlineOptions } from './online/options';
import { migrateOnline, migratePlainly } from './online/phases';
import { renderLatencies, renderSetting } from './online/report';
import type { Setting } from './online/setting';
import { openStage } from './online/stage';

const ABOUT = `Shows, on a large table of events, that writers go on appending while all its indexes are built, replaced and dropped by
\`holdfast migrate\`: none fails, and the slowest in a hundred takes little longer. An ordinary migration stands beside it.`;

/**
 * As on a server for a service: commits are durable; checkpoints are no part of what is measured. A commit waits as it does
 * for the disk over the network, or the standby, of such a server: where it is answered at once, four writers keep two cores
 * busy, and how long one of them waits for a core says more of the kernel than of what is done to the table.
 */
const serverSettings = ({ commitWaitMs }: Setting) => ({
  fsync: true,
  full_page_writes: true,
  commit_delay: commitWaitMs * 1_000,
  commit_siblings: 0,
  shared_buffers: '1GB',
  maintenance_work_mem: '256MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
});

async function prove({ options, signal, show, say }: MeasurementRun<OnlineOptionName>): Promise<Findings> {
  const setting = readOnlineOptions(options);
  await using server = await openTemporaryServer({ settings: serverSettings(setting), signal });
  const stage = await openStage(server, setting, signal, say);
  show(renderSetting(setting, stage, server.version));
  say('Migrating with holdfast …');
  const online = await migrateOnline(stage, setting, signal);
  say('Migrating plainly (control) …');
  const plain = await migratePlainly(stage, setting, signal);
  show(renderLatencies(online, plain));
  return {
    figures: { setting, postgres: server.version, online, plain },
    claims: judgeOnline(online, plain),
  };
}

void runMeasurement({
  family: 'proof',
  name: 'online',
  about: ABOUT,
  aboutQuick: 'a small table; times are only reported',
  options: ONLINE_OPTIONS,
  run: prove,
});
