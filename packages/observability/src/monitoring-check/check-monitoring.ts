import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAlerts, type FileReading } from './check-alerts';
import { checkDashboard } from './check-dashboard';
import { readScrape } from './read-scrape';

/**
 * Lists what is wrong with the alert rules and the dashboard of a folder; nothing when all of it works on the service that
 * gave the scrape. Each problem names its file and the alert or panel. A file in which no expression is found, and a
 * scrape without series, are problems: nothing would have been checked.
 *
 * @param scrape - What `/metrics` answered after the service was used, in the Prometheus text format: a metric without a
 *   series counts as missing, since its labels are not known.
 * @param folder - Where `alerts.yaml`, `dashboard.json` and the manual, `README.md`, are.
 * @throws when a file cannot be read.
 */
export async function checkMonitoring(scrape: string, folder: string): Promise<readonly string[]> {
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  const [alerts, dashboard, manual] = await Promise.all(
    ['alerts.yaml', 'dashboard.json', 'README.md'].map(read),
  );
  const told = readScrape(scrape);
  return [
    ...(told.families.size === 0 ? ['the scrape has no series'] : []),
    ...describe('alerts.yaml', checkAlerts(String(alerts), String(manual), told)),
    ...describe('dashboard.json', checkDashboard(String(dashboard), told)),
  ];
}

function describe(file: string, { expressions, problems }: FileReading): readonly string[] {
  return [
    ...problems.map((problem) => `${file}: ${problem}`),
    ...(expressions === 0 ? [`${file}: has no expression`] : []),
  ];
}
