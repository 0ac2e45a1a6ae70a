import { once } from 'node:events';
import { createService, readServiceSettings, type ServiceSettings } from '@holdfast/api';
import { createLogger } from '@holdfast/observability';
import { type Announcer, createLogAnnouncer, createTextAnnouncer } from './announcer';
import { applyMigrations } from './apply-migrations';
import { type LoadResult, loadExamples } from './github-examples/load';
import { listLinks } from './links';
import { type LocalAccess, provideAccess } from './local-access';
import { readPepper } from './local-secrets';
import { type Database, openDatabase, withDataSource } from './open-database';
import { runCommand } from './run-command';
import { readToolSettings } from './settings';

/** `npm start` after the build: a migrated database with the examples, served until the process is told to stop. */
export function start(): Promise<void> {
  return runCommand('npm start', serve);
}

async function serve(stop: AbortSignal): Promise<void> {
  const settings = readToolSettings();
  // Logs are for people here, unless asked for otherwise: whatever is deployed is not started by this command.
  const variables = {
    ...settings.variables,
    LOG_FORMAT: settings.variables.LOG_FORMAT || 'pretty',
    API_KEY_PEPPER: settings.variables.API_KEY_PEPPER || (await readPepper(settings.directory)),
  };
  // Wrong settings are refused before a server is started for them.
  const announcer = createAnnouncer(readServiceSettings(variables));
  await using database = await openDatabase({ ...settings, variables }, stop);
  announcer.say(database.description);
  const access = await prepare(database, settings.directory, announcer, stop);
  await listenUntil(stop, database, access, announcer);
}

function createAnnouncer({ logFormat, logLevel }: ServiceSettings): Announcer {
  return logFormat === 'pretty'
    ? createTextAnnouncer(process.stdout)
    : createLogAnnouncer(createLogger({ level: logLevel, format: logFormat, service: 'holdfast-start' }));
}

async function prepare(
  database: Database,
  directory: string,
  announcer: Announcer,
  stop: AbortSignal,
): Promise<LocalAccess> {
  return withDataSource(database, stop, async (dataSource) => {
    await applyMigrations(dataSource, { say: announcer.say, signal: stop });
    const result = await loadExamples(dataSource, {
      report: ({ done, total }) => announcer.progress(`Loading GitHub examples: ${done} of ${total} events`),
      signal: stop,
    });
    announcer.say(renderResult(result));
    return provideAccess(database, directory, dataSource);
  });
}

function renderResult({ organizations, users, memberships, events, appended }: LoadResult): string {
  const contents = `${organizations} organizations, ${users} users, ${memberships} memberships, ${events} events`;
  return `GitHub examples ${appended === 0 ? 'are already loaded' : 'loaded'}: ${contents}.`;
}

async function listenUntil(
  stop: AbortSignal,
  { url }: Database,
  { variables, developmentKey }: LocalAccess,
  announcer: Announcer,
): Promise<void> {
  stop.throwIfAborted();
  const service = createService(readServiceSettings(variables));
  let closed: Promise<void> | undefined;
  stop.addEventListener('abort', () => {
    closed = service.close();
  });
  try {
    await service.listen();
  } catch (error) {
    await closed;
    stop.throwIfAborted();
    throw error;
  }
  announcer.ready(listLinks(service.address ?? '', url), developmentKey);
  if (!stop.aborted) await once(stop, 'abort');
  await service.close();
}
