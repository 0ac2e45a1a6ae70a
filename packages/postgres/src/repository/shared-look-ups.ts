import {
  type CallContext,
  type Deadline,
  DeadlineExceededError,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import { prepareValue } from 'pg/lib/utils';
import type { DataSource, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { readTarget } from '../bulk/bulk-target';
import { requireFlag } from '../bulk/require-arguments';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import type { RowReader } from '../statements/row-reader';
import type { SharedPart } from '../statements/shared-part';
import { type CompiledEntity, compiledEntityOf } from './compiled-entity';
import { sendHeard } from './heard-statement';
import { type LookUp, LookUpBatch } from './look-up-batch';
import { renderWhere } from './render-where';
import { runBatch } from './run-batch';

export interface SharedLookUpsOptions {
  /** Look-ups that go out together at most: an integer of at least 1. Default 8. */
  readonly maxBatchSize?: number;
}

export const SHARED_LOOK_UPS_DEFAULTS = Object.freeze({ maxBatchSize: 8 });

/** For whom one look-up is, and how long it may take. */
export interface LookUpOptions {
  /** A Deadline, or milliseconds from now. Default: the pool's `acquireMs`. */
  readonly deadline?: Deadline | number | undefined;
  /** Hold for this look-up alone. Default none. */
  readonly settings?: LocalSettings | undefined;
  /** Who asks. Its `requestId` is told with a statement that is sent for this look-up alone. */
  readonly context?: CallContext | undefined;
  /** Whether a soft-deleted row is there. Default false. */
  readonly withDeleted?: boolean;
}

/** Look-ups by key of callers who know nothing of each other. */
export interface SharedLookUps {
  /**
   * Resolves with the entity that a key stands for, or null: of several, any one.
   *
   * @param where As TypeORM's, by columns of the entity itself; at least one. Meant for keys, which an index answers at once: what goes out
   * together is answered one after the other.
   * @throws InvalidOptionError; UnsupportedEntityError; QueryFailedError, without parameters; DeadlineExceededError; or why there was no
   * connection, marked with the phase `acquire`.
   */
  findOneBy<Entity extends ObjectLiteral>(
    entity: EntityTarget<Entity>,
    where: FindOptionsWhere<Entity>,
    options?: LookUpOptions,
  ): Promise<Entity | null>;
}

const OPTIONS = ['deadline', 'settings', 'context', 'withDeleted'] as const;

/**
 * Makes look-ups of one turn of the event loop share a connection and a round trip, whoever asks: for the same entity they are one write,
 * each an execution of its own, with settings of its own, and an error of one is no other's. Each is outside of a transaction, and sees what was
 * committed before. Where a connection has not prepared the statement yet, they go one by one. TypeORM's logger hears of each; subscribers of
 * queries do not, since there is no query runner.
 *
 * @throws InvalidOptionError
 */
export function createSharedLookUps(
  dataSource: DataSource,
  options: SharedLookUpsOptions = {},
): SharedLookUps {
  requireKnownOptions('createSharedLookUps', options, ['maxBatchSize']);
  const { maxBatchSize } = { ...SHARED_LOOK_UPS_DEFAULTS, ...options };
  requireNumber('maxBatchSize', maxBatchSize, { min: 1, integer: true });
  return new GatheredLookUps(dataSource, maxBatchSize);
}

class GatheredLookUps implements SharedLookUps {
  readonly #dataSource: DataSource;
  readonly #maxBatchSize: number;
  /**
   * Those of this turn that may go out together: of one entity, since two of one table may have the same text, of one text, and with settings
   * of the same names.
   */
  readonly #gathered = new Map<RowReader, Map<string, LookUpBatch>>();

  constructor(dataSource: DataSource, maxBatchSize: number) {
    this.#dataSource = dataSource;
    this.#maxBatchSize = maxBatchSize;
  }

  async findOneBy<Entity extends ObjectLiteral>(
    entity: EntityTarget<Entity>,
    where: FindOptionsWhere<Entity>,
    options: LookUpOptions = {},
  ): Promise<Entity | null> {
    requireKnownOptions('findOneBy', options, OPTIONS);
    const { deadline, context, withDeleted = false } = options;
    requireFlag('withDeleted', withDeleted);
    const settings = readSettings(options.settings);
    const endsAtMs = readEnd(deadline);
    const compiled = compiledEntityOf(readTarget(this.#dataSource, entity).metadata);
    const { text, values } = renderLookUp(compiled, where, withDeleted);
    const gather = (): Promise<readonly unknown[]> =>
      new Promise((resolve, reject) => {
        const requestId = context?.requestId;
        this.#gather(compiled, text, { values, settings, endsAtMs, requestId, resolve, reject });
      });
    const rows = await sendHeard({ dataSource: this.#dataSource, runner: undefined, text, values }, gather);
    return (rows[0] as Entity | undefined) ?? null;
  }

  #gather({ whole }: CompiledEntity, text: string, lookUp: LookUp): void {
    const names = lookUp.settings.map(([name]) => name).join(' ');
    const key = `${names}\n${text}`;
    let batches = this.#gathered.get(whole);
    if (batches === undefined) {
      batches = new Map();
      this.#gathered.set(whole, batches);
    }
    const gathered = batches;
    let batch = gathered.get(key);
    if (batch === undefined) {
      batch = new LookUpBatch(text, whole);
      gathered.set(key, batch);
      const opened = batch;
      setImmediate(() => this.#send(gathered, key, opened));
    }
    batch.add(lookUp);
    if (batch.size >= this.#maxBatchSize) this.#send(gathered, key, batch);
  }

  #send(gathered: Map<string, LookUpBatch>, key: string, batch: LookUpBatch): void {
    if (gathered.get(key) === batch) gathered.delete(key);
    if (batch.isSent) return;
    batch.isSent = true;
    void runBatch(this.#dataSource, batch);
  }
}

/** @throws InvalidOptionError; UnsupportedEntityError */
function renderLookUp(
  compiled: CompiledEntity,
  where: unknown,
  withDeleted: boolean,
): { readonly text: string; readonly values: SharedPart['values'] } {
  const { metadata, tree, whole } = compiled;
  const values: unknown[] = [];
  const asked = renderWhere(tree, where, { metadata, values });
  if (asked === '') throw new InvalidOptionError('where', 'no condition', 'at least one');
  const conditions = [asked, ...compiled.listStandingConditions(withDeleted)].join(' AND ');
  return {
    text: whole.render({ where: conditions, order: '', range: 'LIMIT 1' }),
    values: values.map(copyValue),
  };
}

/** As it is sent: what becomes of the caller's value meanwhile changes nothing. */
function copyValue(value: unknown): string | Buffer | null {
  const sent = prepareValue(value);
  return Buffer.isBuffer(sent) ? Buffer.from(sent) : sent;
}

/** When a look-up ends, on the clock of `performance`. @throws DeadlineExceededError; InvalidOptionError */
function readEnd(deadline: Deadline | number | undefined): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  if (typeof deadline !== 'number' && typeof deadline?.remainingMs !== 'function') {
    throw new InvalidOptionError('deadline', deadline, 'a Deadline, or milliseconds');
  }
  const remainingMs = typeof deadline === 'number' ? deadline : deadline.remainingMs();
  requireNumber('deadline', remainingMs, { max: MAX_TIMER_MS });
  if (remainingMs <= 0) throw tagPhase(new DeadlineExceededError(), 'acquire');
  return performance.now() + remainingMs;
}
