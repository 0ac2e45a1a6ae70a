import {
  type CallContext,
  type Deadline,
  InvalidOptionError,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';
import type { DataSource, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { readTarget } from '../bulk/bulk-target';
import { requireFlag } from '../bulk/require-arguments';
import { type CompiledEntity, compiledEntityOf } from '../repository/compiled-entity';
import { sendHeard } from '../repository/heard-statement';
import { renderWhere } from '../repository/render-where';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import { copyValue } from '../statements/sent-value';
import type { SharedPart } from '../statements/shared-part';
import { readEnd } from './call-end';
import { runLookUps } from './run-look-ups';
import type { SharedAnswer } from './shared-batch';
import { TurnBatches } from './turn-batches';

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
  readonly #batches: TurnBatches;

  constructor(dataSource: DataSource, maxBatchSize: number) {
    this.#dataSource = dataSource;
    this.#batches = new TurnBatches({ maxBatchSize }, (batch) => void runLookUps(dataSource, batch));
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
    const gather = (): Promise<SharedAnswer> =>
      new Promise((resolve, reject) => {
        const requestId = context?.requestId;
        this.#batches.add(compiled.whole, text, { values, settings, endsAtMs, requestId, resolve, reject });
      });
    const { rows } = await sendHeard(
      { dataSource: this.#dataSource, runner: undefined, text, values },
      gather,
    );
    return (rows[0] as Entity | undefined) ?? null;
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
