import { CONTRACTS } from '@holdfast/db/contracts';
import { type PostgresVersion, postgresVersions } from '@holdfast/local-postgres';
import { openContractDatabase } from '../contracts/contract-database';
import { type Claim, claimNone } from '../measurement/claims';
import { readWholeNumber } from '../measurement/options';
import { type Findings, type MeasurementRun, runMeasurement } from '../measurement/run-measurement';
import { renderTable } from '../measurement/table';
import { listIndexBreaks } from './contracts/index-breaks';
import { findBroken, type TriedBreak, tryBreak } from './contracts/try-breaks';

const ABOUT = `Shows, on PostgreSQL servers of its own with realistic rows, that every query contract holds, and that none of the indexes
can be removed or be another one (order of keys, NULLS, predicate, expression, uniqueness, validity) without a contract that fails.`;

/** With fewer, some tables are so small that reading or sorting them is right. */
const LEAST_EVENTS = 1_000_000;

interface ContractRun {
  readonly version: number;
  readonly brokenBefore: readonly string[];
  readonly tried: readonly TriedBreak[];
  readonly brokenAfter: readonly string[];
}

async function prove({ options, signal, show, say }: MeasurementRun<'events'>): Promise<Findings> {
  const { quick, values } = options;
  const events = readWholeNumber('--events', values.events, LEAST_EVENTS, {
    min: LEAST_EVENTS,
    max: 100_000_000,
  });
  const versions = quick ? postgresVersions.slice(0, 1) : postgresVersions;
  const runs: ContractRun[] = [];
  for (const version of versions) runs.push(await proveOn(version, events, signal, say));
  for (const run of runs) show(renderRun(run));
  return {
    figures: { events, contracts: CONTRACTS.length, runs },
    claims: runs.flatMap(judge),
  };
}

async function proveOn(
  version: PostgresVersion,
  events: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<ContractRun> {
  say(`PostgreSQL ${version}: loading ${events.toLocaleString('en')} events …`);
  await using database = await openContractDatabase({ version, events, signal });
  const findNames = async () => (await findBroken(database)).map(({ contract }) => contract);
  const brokenBefore = await findNames();
  const breaks = await listIndexBreaks(database.dataSource);
  say(`PostgreSQL ${version}: trying ${breaks.length} breaks against ${CONTRACTS.length} contracts …`);
  const tried: TriedBreak[] = [];
  for (const each of breaks) {
    signal.throwIfAborted();
    tried.push(await tryBreak(database, each, new Set(brokenBefore)));
  }
  return { version, brokenBefore, tried, brokenAfter: await findNames() };
}

function judge({ version, brokenBefore, tried, brokenAfter }: ContractRun): Claim[] {
  const indexes = new Set(tried.map(({ index }) => index));
  const render = ({ index, what }: TriedBreak) => `${index}: ${what}`;
  const breaks = tried.filter(({ isControl }) => !isControl);
  const controls = tried.filter(({ isControl }) => isControl);
  return [
    claimNone(`PostgreSQL ${version}: all ${CONTRACTS.length} contracts hold`, brokenBefore),
    {
      claim: `PostgreSQL ${version}: every index is broken in several ways`,
      held: indexes.size >= 29 && breaks.length >= 3 * indexes.size,
      found: `${breaks.length} breaks of ${indexes.size} indexes`,
    },
    claimNone(
      `PostgreSQL ${version}: each break makes a contract fail`,
      breaks.filter(({ noticedBy }) => noticedBy.length === 0).map(render),
    ),
    claimNone(
      `PostgreSQL ${version}: no contract fails for an index that is built anew as it was (control)`,
      controls.filter(({ noticedBy }) => noticedBy.length > 0).map(render),
    ),
    claimNone(`PostgreSQL ${version}: all hold again afterwards`, brokenAfter),
  ];
}

function renderRun({ version, tried }: ContractRun): string {
  return renderTable<TriedBreak>(
    `PostgreSQL ${version}: what an index was, and what noticed`,
    [
      { title: 'index', render: ({ index }) => index, align: 'left' },
      { title: 'is', render: ({ what }) => what, align: 'left' },
      { title: 'contracts\nthat fail', render: ({ noticedBy }) => `${noticedBy.length}` },
      {
        title: 'such as',
        render: ({ isControl, noticedBy: [first] }) =>
          first?.contract ?? (isControl ? 'none (control)' : 'NONE'),
        align: 'left',
      },
      { title: 'by', render: ({ noticedBy: [first] }) => first?.kinds.join(', ') ?? '', align: 'left' },
    ],
    tried,
  );
}

void runMeasurement({
  family: 'proof',
  name: 'contracts',
  about: ABOUT,
  aboutQuick: 'one version of PostgreSQL; every claim still decides',
  options: { events: { value: '<n>', about: `events to load, ${LEAST_EVENTS} unless told, and not fewer` } },
  run: prove,
});
