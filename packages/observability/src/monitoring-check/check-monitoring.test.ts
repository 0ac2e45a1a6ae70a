import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderExercisedScrape } from '../test/exercised-scrape';
import { checkMonitoring } from './check-monitoring';

const FOLDER = join(__dirname, '../../../../monitoring');

/** Checks a copy of the folder in which one text is replaced by another. */
async function checkPlanted(file: string, right: string, wrong: string): Promise<readonly string[]> {
  const copy = await mkdtemp(join(tmpdir(), 'holdfast-monitoring-'));
  try {
    await cp(FOLDER, copy, { recursive: true });
    const content = await readFile(join(copy, file), 'utf8');
    if (!content.includes(right)) throw new Error(`${file} does not hold ${right}, so nothing was planted`);
    await writeFile(join(copy, file), content.replace(right, wrong));
    return await checkMonitoring(await renderExercisedScrape(), copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

describe('the alert rules and the dashboard', () => {
  it('fit what a service tells', async () => {
    expect(await checkMonitoring(await renderExercisedScrape(), FOLDER)).toEqual([]);
  });

  it.each([
    [
      'a misspelt metric',
      'min_over_time(db_client_connection_pending_requests[',
      'min_over_time(db_client_connection_pending[',
      'CallersWaitForConnections reads db_client_connection_pending, which is no metric of the service',
    ],
    [
      'an unknown label',
      '{outcome="unknown"}',
      '{result="unknown"}',
      'TransactionOutcomeUnknown names the label result',
    ],
    [
      'a misspelt value',
      '{outcome="unknown"}',
      '{outcome="unknwon"}',
      'where outcome is "unknwon", which it never is',
    ],
    [
      'an error of syntax',
      'increase(holdfast_db_connection_leaks_total[15m]) > 0',
      'increase(holdfast_db_connection_leaks_total[15m]) >> 0',
      'ConnectionLeak is not PromQL',
    ],
    [
      'an unclosed brace',
      '{outcome="unknown"}',
      '{outcome="unknown"',
      'TransactionOutcomeUnknown is not PromQL',
    ],
    [
      'a rate of the wrong part',
      'rate(holdfast_db_transaction_duration_seconds_count[10m])',
      'rate(holdfast_db_transaction_duration_seconds[10m])',
      'TransactionsRepeated reads holdfast_db_transaction_duration_seconds, a histogram',
    ],
    [
      'an expression without a threshold',
      'nodejs_eventloop_lag_p99_seconds > 0.2',
      'nodejs_eventloop_lag_p99_seconds',
      'EventLoopLag compares with no threshold',
    ],
    ['a missing for', '        for: 2m\n', '', 'PoolNearCapacity has no duration in for'],
    ['an unknown severity', 'severity: warning', 'severity: mild', 'PoolNearCapacity has no severity'],
    ['a missing summary', 'summary: The pool', 'sumary: The pool', 'PoolNearCapacity has no summary'],
    [
      'a label in the text that is not there',
      '{{ $labels.instance }} is nearly',
      '{{ $labels.host }} is nearly',
      'PoolNearCapacity shows the label host',
    ],
    [
      'a brace in the text that is not closed',
      '{{ $labels.instance }} is nearly',
      '{{ $labels.instance is nearly',
      'PoolNearCapacity has an unclosed brace',
    ],
    [
      'a key that Prometheus refuses',
      'keep_firing_for: 15m',
      'keep_fireing_for: 15m',
      'ConnectionLeak has an unknown key keep_fireing_for',
    ],
    ['an alert that is there twice', 'alert: HttpSlow', 'alert: HttpErrors', 'HttpErrors is there twice'],
    [
      'an alert without a section in the manual',
      'alert: HttpSlow',
      'alert: HttpVerySlow',
      'HttpVerySlow has no section in the manual',
    ],
    ['a file that is not YAML', 'groups:', 'groups: [', 'is not YAML'],
    ['rules that are not found', 'groups:', 'group:', 'has no expression'],
  ])('would be refused with %s in an alert', async (_what, right, wrong, problem) => {
    expect(await checkPlanted('alerts.yaml', right, wrong)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^alerts\.yaml: /), expect.stringContaining(problem)]),
    );
  });

  it.each([
    [
      'a misspelt metric',
      'pool_name) (db_client_connection_max{',
      'pool_name) (db_client_connections_max{',
      'panel "Connections" reads db_client_connections_max',
    ],
    [
      'an unknown label',
      'sum by (method, route)',
      'sum by (method, path)',
      'panel "Requests" names the label path',
    ],
    [
      'a label of a legend that is not there',
      '"{{method}} {{route}}"',
      '"{{method}} {{path}}"',
      'panel "Requests" shows the label path in a legend',
    ],
    [
      'an unclosed brace',
      'process_resident_memory_bytes{job',
      'process_resident_memory_bytes{{job',
      'panel "Memory" is not PromQL',
    ],
    [
      'an unknown variable',
      'instance=~\\"$instance\\"',
      'instance=~\\"$host\\"',
      'uses $host, which is no variable',
    ],
    [
      'a variable that asks for nothing there is',
      'label_values(http_server_request_duration_seconds_count, job)',
      'label_values(http_requests, job)',
      'variable job reads http_requests',
    ],
    [
      'the data source of one installation',
      '"uid": "$',
      '"uid": "PBFA97CFB590B2093',
      'is bound to the data source or dashboard PBFA97CFB590B2093',
    ],
    [
      'no variable for the data source',
      '"name": "datasource"',
      '"name": "source"',
      'has no variable datasource',
    ],
    ['panels that lie on each other', '"x": 8,', '"x": 7,', 'lies on panel "Connections"'],
    ['panels with the same id', '"id": 3,', '"id": 2,', 'has no id of its own'],
    [
      'a version that Grafana 10 does not know',
      '"schemaVersion": 38',
      '"schemaVersion": 99',
      'has not the schema version 38',
    ],
    ['a file that is not JSON', '{', '', 'is not JSON'],
    ['panels that are not found', '"panels"', '"panel"', 'has no expression'],
  ])('would be refused with %s on the dashboard', async (_what, right, wrong, problem) => {
    expect(await checkPlanted('dashboard.json', right, wrong)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^dashboard\.json: /), expect.stringContaining(problem)]),
    );
  });

  it('would be refused with a section of the manual that is no alert', async () => {
    expect(await checkPlanted('README.md', '### HttpSlow', '### HttpSlow\n\n### HttpGone')).toEqual([
      'alerts.yaml: the manual has a section HttpGone, which is no alert',
    ]);
  });

  it('would be refused when nothing was scraped', async () => {
    expect(await checkMonitoring('', FOLDER)).toContain('the scrape has no series');
  });

  it('would be refused when a metric was never used', async () => {
    const scrape = (await renderExercisedScrape()).replaceAll(
      /^holdfast_db_connection_leaks_total\{.*$/gm,
      '',
    );
    expect(await checkMonitoring(scrape, FOLDER)).toContain(
      'alerts.yaml: ConnectionLeak reads holdfast_db_connection_leaks_total, which has no series in this scrape',
    );
  });

  it('fails when a file is missing', async () => {
    await expect(checkMonitoring(await renderExercisedScrape(), tmpdir())).rejects.toThrow('ENOENT');
  });
});
