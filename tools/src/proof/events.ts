import { createDataSource } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { createPackageDoor, createUnlockedDoor } from './events/door';
import { type EventsFigures, judgeEvents } from './events/events-claims';
import { EVENTS_OPTIONS, type EventsOptionName, readEventsOptions } from './events/options';
import { runDecisions } from './events/run-decisions';
import { runStreams } from './events/run-streams';
import { auditStreams } from './events/stream-audit';

const ABOUT = `Shows, on a PostgreSQL of its own, that the event store keeps streams without gaps and doubles under many clients, that a reader
of the log and the workers get each event once and in order, and that conditions hold where a look before the append does not.`;

/** Beside the clients: the reader, the workers and their listeners. */
const SPARE_CONNECTIONS = 36;

/** Lets clients append and decide, and judges what they were told by what is there. */
async function prove({ options, signal, show, say }: MeasurementRun<EventsOptionName>): Promise<Findings> {
  const setting = readEventsOptions(options);
  const settings = { max_connections: setting.clients + SPARE_CONNECTIONS };
  await using server = await openTemporaryServer({ settings, signal });
  const open = (max: number): Promise<DataSource> =>
    createDataSource('test', { DATABASE_URL: server.url, DATABASE_POOL_MAX: String(max) }).initialize();
  const clients = await open(setting.clients);
  const others = await open(setting.workers + 3);
  try {
    await migrate(clients);
    show(
      `${setting.clients} clients on PostgreSQL ${server.version}: ${setting.streamsMs / 1_000} s of appends to ${setting.hotStreams} streams, then ${setting.accountsMs / 1_000} s of money moved between ${setting.accounts} accounts and ${setting.usernames} names claimed by all at once, with conditions and without locks. Seed ${setting.seed}.`,
    );
    say('Appending to streams …');
    const records = await runStreams({ clients, others }, setting, signal);
    say('Deciding under conditions …');
    const conditions = await runDecisions('held', createPackageDoor(clients), clients, setting, signal);
    say('Deciding without locks …');
    const unlocked = await runDecisions('loose', createUnlockedDoor(clients), clients, setting, signal);
    const figures: EventsFigures = { streams: auditStreams(records), conditions, unlocked };
    return {
      figures: { setting, postgres: server.version, ...figures },
      claims: judgeEvents(figures, setting),
    };
  } finally {
    await Promise.all([clients.destroy(), others.destroy()]);
  }
}

void runMeasurement({
  family: 'proof',
  name: 'events',
  about: ABOUT,
  aboutQuick: 'a few seconds of each scene; every claim still decides',
  options: EVENTS_OPTIONS,
  run: prove,
});
