import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { openTemporaryServer } from '@holdfast/local-postgres';
import type { Client } from 'pg';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { withClient } from '../measurement/with-client';
import { roundFigures } from './indexes/report';
import { findDifferences } from './peers/check-answers';
import { judgePeers } from './peers/claims';
import { countTraffic } from './peers/count-traffic';
import { drawPeers } from './peers/draw-peers';
import { installPeers } from './peers/install-peers';
import { openLineUp } from './peers/open-line-up';
import { PEERS_OPTIONS, type PeersCommand, type PeersOptionName, readPeersCommand } from './peers/options';
import { renderPeers, replacePeers } from './peers/render-peers';
import { type LayerFigures, type PeersReport, summarize } from './peers/report';
import { createTables } from './peers/tables';
import { takeRounds } from './peers/take-rounds';

const ABOUT = `Measures ten operations on Holdfast's repository and on other data layers for Node, each in a process of its own with a pool of its
own of ten connections, on one PostgreSQL 17, in turns whose order is drawn anew in each round: wall time, processor time of client and server,
round trips and bytes. What all answer and write is compared first. node-postgres takes part twice, which shows the noise.

It must hold that all answers are equal; that Holdfast is faster than node-postgres with named statements and every peer at both lookups, the join,
1,000 rows, the transaction and 32 lookups in one tick, and no slower at the others; that its client takes less processor time on what reads; and
that a lookup and an insert are one round trip, and the transaction two. Peers have a lockfile of their own, in benchmarks/peers, and are
installed from it before anything is measured.`;

/** Nothing is flushed: what is measured are the layers, and a disk would hide them. */
const SERVER_SETTINGS = Object.freeze({ max_connections: 300, shared_buffers: '256MB', max_wal_size: '4GB' });

async function measurePeers({
  options,
  signal,
  show,
  say,
}: MeasurementRun<PeersOptionName>): Promise<Findings> {
  const command = readPeersCommand(options);
  if (command.installs) await installPeers({ signal, say });
  await using server = await openTemporaryServer({ version: 17, settings: SERVER_SETTINGS, signal });
  const { report, differences } = await withClient(server.url, (client) =>
    measureLayers(command, { server, client, signal, say }),
  );
  const rendered = renderPeers(report);
  show(rendered);
  if (command.docs !== undefined) {
    await writeDocs(command.docs, report, rendered);
    say(`Wrote peers.json, plot and page in ${resolve(command.docs)}`);
  }
  return { figures: { ...report }, claims: judgePeers(report, differences) };
}

interface Circumstances {
  readonly server: { readonly url: string; readonly port: number; readonly pid: number };
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

async function measureLayers(
  { setting, contenders, text }: PeersCommand,
  { server, client, signal, say }: Circumstances,
): Promise<{ readonly report: PeersReport; readonly differences: readonly string[] }> {
  const startedMs = performance.now();
  const { poolSize } = setting;
  await createTables(client);
  await using lineUp = await openLineUp(contenders, { url: server.url, poolSize, signal });
  say('Comparing answers …');
  const differences = await findDifferences(lineUp.layers, client, signal);
  const { rounds, cells } = await takeRounds(lineUp.layers, {
    setting,
    client,
    postmasterPid: server.pid,
    signal,
    say,
  });
  const layers: LayerFigures[] = [];
  for (const { contender, madeOf } of lineUp.layers) {
    say(`Counting what ${contender.name} sends …`);
    const traffic = await countTraffic(contender, server, { client, poolSize, signal });
    layers.push({ name: contender.name, madeOf, traffic });
  }
  const [version] = (
    await client.query<{ v: string }>(`select split_part(current_setting('server_version'), ' ', 1) as v`)
  ).rows;
  const report: PeersReport = roundFigures({
    command: text,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
      cores: cpus().length,
      node: process.versions.node,
      postgres: version?.v ?? 'unknown',
    },
    seconds: Math.round((performance.now() - startedMs) / 1_000),
    setting,
    rounds,
    layers,
    cells: cells.map(summarize),
  });
  return { report, differences };
}

async function writeDocs(docs: string, report: PeersReport, rendered: string): Promise<void> {
  const page = join(docs, 'benchmarks-peers.md');
  const figures = join(docs, 'benchmarks');
  await mkdir(figures, { recursive: true });
  await writeFile(join(figures, 'peers.json'), `${JSON.stringify(report, undefined, 1)}\n`);
  await writeFile(join(figures, 'peers.svg'), drawPeers(report));
  await writeFile(page, replacePeers(await readFile(page, 'utf8'), rendered));
}

void runMeasurement({
  family: 'bench',
  name: 'peers',
  about: ABOUT,
  aboutQuick: 'two short rounds; ratios are only reported, answers still decide',
  options: PEERS_OPTIONS,
  run: measurePeers,
});
