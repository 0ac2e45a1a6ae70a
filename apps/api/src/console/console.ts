import type { Environment, Variables } from '@holdfast/db';
import type { AdmissionReading, DatabaseEventSource, PoolReadings } from '@holdfast/observability';
import type { CircuitBreakerPolicy } from '@holdfast/resilience';
import { type CircuitHistory, recordCircuit } from './circuit-history';
import { ConsoleConnection } from './console-connection';
import { type DeadLetter, type EventLag, readDeadLetters, readEventLag } from './dead-letters';
import { ConsoleDoctor, type DoctorView } from './doctor';
import { explainStatement, type StatementPlan } from './explain-statement';
import { type MigrationsView, readMigrations } from './migrations';
import { createPartReader, type Part, type PartAges, reasonOf } from './part';
import { POOL_HISTORY_MS, PoolHistory, type PoolSample } from './pool-history';
import { type StatementStatistics, StatementStatisticsRecorder } from './statement-statistics';

/** What the console looks at. */
export interface ConsoleParts {
  readonly environment: Environment;
  /** Read for the console's own connections. Holds a password, so never print it. */
  readonly variables: Variables;
  readonly version: string;
  readonly readPools: () => PoolReadings;
  readonly readAdmission: () => AdmissionReading;
  readonly events: DatabaseEventSource;
  readonly breaker: Pick<CircuitBreakerPolicy, 'state' | 'on'>;
}

/** A statement, and the plan that was asked for. */
interface StatementView extends StatementStatistics {
  readonly plan: StatementPlan | { readonly refusal: string } | null;
}

/** Everything the page shows. */
interface ConsoleData {
  /** ISO 8601. */
  readonly at: string;
  readonly service: {
    readonly version: string;
    readonly environment: string;
    readonly startedAt: string;
  };
  readonly database: Part<{
    readonly version: string;
    readonly answeredMs: number;
    readonly isStandby: boolean;
  }>;
  readonly pools: Part<PoolReadings>;
  readonly poolHistory: { readonly windowMs: number; readonly samples: readonly PoolSample[] };
  readonly circuit: CircuitHistory;
  readonly admission: AdmissionReading;
  readonly statements: readonly StatementView[];
  readonly doctor: DoctorView;
  readonly migrations: Part<MigrationsView>;
  readonly events: Part<EventLag>;
  readonly deadLetters: Part<readonly DeadLetter[]>;
}

/** What is behind the page for whoever is on call. */
export interface Console {
  /** What is known now. Never rejects: what cannot be read says why. */
  read(): Promise<ConsoleData>;
  /**
   * What was known of events when this was last asked, and asks the database for the next time: nobody waits. Undefined at first, and
   * when the database gave no answer or the last time was long ago.
   */
  readBacklog(): EventLag | undefined;
  /** Starts an examination of the indexes, unless one runs or ended less than ten minutes ago. */
  askDoctor(): DoctorView;
  /** The plan of a statement that is listed; undefined when it is not known any more. */
  explain(id: string): Promise<StatementView['plan'] | undefined>;
  /** What is known of events is read anew the next time. */
  forgetEvents(): void;
  /** Begins to write the pool's history. */
  start(): void;
  close(): Promise<void>;
}

const AGES = Object.freeze({
  database: { freshMs: 1_000, retryMs: 1_000 },
  events: { freshMs: 1_000, retryMs: 2_000 },
  migrations: { freshMs: 5_000, retryMs: 2_000 },
  deadLetters: { freshMs: 2_000, retryMs: 2_000 },
} satisfies Record<string, PartAges>);

const STATEMENTS_SHOWN = 10;
/** Longer than scrapes are apart. */
const BACKLOG_KEPT_MS = 120_000;

/** Makes the console. Opens nothing: its connections are opened when it is first looked at. */
export function createConsole(parts: ConsoleParts): Console {
  const { environment, variables, version, readPools, readAdmission, events, breaker } = parts;
  const startedAt = new Date().toISOString();
  const connection = new ConsoleConnection(environment, variables);
  const history = new PoolHistory(() => {
    const { primary } = readPools();
    if (primary === undefined) throw new Error('There is no pool');
    const { used, free, waiting, max } = primary;
    return { used, free, waiting, max };
  });
  const statements = new StatementStatisticsRecorder();
  const leave = statements.follow(events);
  const readCircuit = recordCircuit(breaker);
  const doctor = new ConsoleDoctor(() => connection.open());
  const plans = new Map<string, NonNullable<StatementView['plan']>>();

  const readDatabase = createPartReader(async () => {
    const startedMs = performance.now();
    const [row] = await connection.look((runner) =>
      runner.query(`select current_setting('server_version') as version, pg_is_in_recovery() as "isStandby"`),
    );
    return {
      version: String(row.version),
      isStandby: row.isStandby === true,
      answeredMs: Math.round((performance.now() - startedMs) * 10) / 10,
    };
  }, AGES.database);
  const createLagReader = () => createPartReader(() => connection.look(readEventLag), AGES.events);
  let readLag = createLagReader();
  const readMigrationsPart = createPartReader(() => connection.read(readMigrations), AGES.migrations);
  const createDeadLetterReader = () =>
    createPartReader(() => connection.look(readDeadLetters), AGES.deadLetters);
  let readLetters = createDeadLetterReader();
  let backlog: Part<EventLag> | undefined;

  return {
    async read() {
      const [database, migrations, lag, deadLetters] = await Promise.all([
        readDatabase(),
        readMigrationsPart(),
        readLag(),
        readLetters(),
      ]);
      return {
        at: new Date().toISOString(),
        service: { version, environment, startedAt },
        database,
        pools: readNow(readPools),
        poolHistory: { windowMs: POOL_HISTORY_MS, samples: history.list() },
        circuit: readCircuit(),
        admission: readAdmission(),
        statements: statements
          .listSlowest(STATEMENTS_SHOWN)
          .map((statement) => ({ ...statement, plan: plans.get(statement.id) ?? null })),
        doctor: doctor.view(),
        migrations,
        events: lag,
        deadLetters,
      };
    },
    readBacklog() {
      const last = backlog;
      void readLag().then((part) => {
        backlog = part;
      });
      if (last?.state !== 'known' || Date.now() - Date.parse(last.readAt) > BACKLOG_KEPT_MS) return undefined;
      return last.value;
    },
    askDoctor: () => doctor.ask(),
    async explain(id) {
      const sent = statements.findSent(id);
      if (sent === undefined) return undefined;
      const plan = await connection
        .look((runner) => explainStatement(runner, sent))
        .catch((error: unknown) => ({ refusal: reasonOf(error) }));
      if (plans.size >= MOST_PLANS) plans.clear();
      plans.set(id, plan);
      return plan;
    },
    forgetEvents() {
      readLag = createLagReader();
      readLetters = createDeadLetterReader();
    },
    start: () => history.start(),
    async close() {
      history.stop();
      leave();
      // Together: an examination that the database does not answer ends with its connection.
      await Promise.all([doctor.close(), connection.close()]);
    },
  };
}

const MOST_PLANS = 200;

function readNow<T>(read: () => T): Part<T> {
  const readAt = new Date().toISOString();
  try {
    return { state: 'known', readAt, value: read() };
  } catch (error) {
    return { state: 'unknown', readAt, reason: reasonOf(error) };
  }
}
