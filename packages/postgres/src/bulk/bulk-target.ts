import { InvalidOptionError } from '@holdfast/resilience';
import { type EntityManager, type EntityMetadata, type EntityTarget, InstanceChecker } from 'typeorm';
import { DataSourceNotOpenError } from '../data-source/pool-registry';
import { refuseArgument } from './require-arguments';
import type { ManagerSource } from './run-statements';

/** What a bulk function works with. */
interface BulkTarget {
  readonly manager: EntityManager;
  readonly metadata: EntityMetadata;
}

/**
 * The manager to work with, and what its DataSource knows of the entity.
 * @throws InvalidOptionError; DataSourceNotOpenError before `initialize`, when no entity is known, and after `destroy`.
 */
export function readTarget<Entity>(source: ManagerSource, entity: EntityTarget<Entity>): BulkTarget {
  const manager = readManager(source);
  const { dataSource } = manager;
  if (!dataSource.hasMetadata(entity)) {
    const allowed = 'an entity class that the DataSource lists among its entities';
    if (typeof entity === 'function') throw new InvalidOptionError('entity', entity, allowed);
    throw refuseArgument('entity', entity, allowed);
  }
  return { manager, metadata: dataSource.getMetadata(entity) };
}

/** The manager to work with. @throws InvalidOptionError; DataSourceNotOpenError */
export function readManager(source: ManagerSource): EntityManager {
  const manager = findManager(source);
  if (!manager.dataSource.isInitialized) throw new DataSourceNotOpenError();
  return manager;
}

function findManager(source: ManagerSource): EntityManager {
  if (InstanceChecker.isDataSource(source)) return source.manager;
  if (isEntityManager(source)) return source;
  throw refuseArgument(
    'source',
    source,
    'a DataSource or an EntityManager (that of a repository is its manager)',
  );
}

/** By TypeORM's own mark, which also holds for the objects of another copy of it. */
function isEntityManager(value: unknown): value is EntityManager {
  return (
    typeof value === 'object' &&
    value !== null &&
    Reflect.get(value, '@instanceof') === Symbol.for('EntityManager')
  );
}
