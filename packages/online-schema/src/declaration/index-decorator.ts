import { Index as TypeOrmIndex } from 'typeorm';
import type { CheckId } from '../doctor/check-id';
import { isWholeIdentifier, MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import {
  addAcceptDeclaration,
  addIndexDeclaration,
  type IndexDeclaration,
  type KeyFunction,
} from './declarations';
import { IndexDeclarationError } from './index-declaration-error';
import type { IndexKey, PropertiesOf, UnknownPaths } from './index-key';
import { checkAccepted, checkIndexOptions, type IndexOptions } from './index-options';

type EntityClass = abstract new (...args: never[]) => object;

/** What a class would have to be for the index to fit: the compiler names the property in its complaint. */
interface HasUnknownProperty<P extends string> {
  readonly 'the entity has no property': P;
}

/**
 * Decorates an entity class that has every property the index mentions, optional or not; any other class does not
 * compile. Property names that are only known when the program runs are checked then.
 */
export type EntityIndexDecorator<P extends string> = <C extends EntityClass>(
  target: C & Check<P, UnknownPaths<InstanceType<C>, P>>,
) => void;

type Check<P extends string, Unknown extends string> = string extends P
  ? unknown
  : [Unknown] extends [never]
    ? unknown
    : HasUnknownProperty<Unknown>;

/**
 * Declares an index on an entity or on one of its properties: TypeORM's decorator, and what PostgreSQL has
 * beyond it (expressions, operator classes, order and NULLS, INCLUDE, NULLS NOT DISTINCT, storage parameters).
 * TypeORM itself is told to leave the index alone (`synchronize: false`); `holdfast generate` owns it.
 *
 * Without a name, it has the one that TypeORM's naming strategy gives it.
 *
 * @throws IndexDeclarationError for options PostgreSQL would refuse, when the class is loaded; for an unknown
 * property, when the definitions are read.
 * @example
 * @Index('idx_users_email_lower', [sql`lower(${'email'})`], { unique: true })
 * @Index('idx_users_login', [desc('lastLoginAt', { nulls: 'LAST' }), desc('id')], { where: sql`${'status'} = 'active'` })
 */
export function Index(options?: IndexOptions): PropertyDecorator;
export function Index(
  name: string,
  options: IndexOptions & { synchronize: false },
): ClassDecorator & PropertyDecorator;
export function Index(name: string, options?: IndexOptions): PropertyDecorator;
export function Index<
  const K extends readonly IndexKey[],
  const I extends string = never,
  const W extends string = never,
>(keys: K, options?: IndexOptions<I, W>): EntityIndexDecorator<PropertiesOf<K[number]> | I | W>;
export function Index<
  const K extends readonly IndexKey[],
  const I extends string = never,
  const W extends string = never,
>(name: string, keys: K, options?: IndexOptions<I, W>): EntityIndexDecorator<PropertiesOf<K[number]> | I | W>;
export function Index<E>(
  keys: (properties: E) => unknown[] | Record<string, number>,
  options?: IndexOptions,
): (target: abstract new (...args: never[]) => E) => void;
export function Index<E>(
  name: string,
  keys: (properties: E) => unknown[] | Record<string, number>,
  options?: IndexOptions,
): (target: abstract new (...args: never[]) => E) => void;
export function Index(...args: unknown[]): (target: object, property?: string | symbol) => void {
  const { name, keys, options } = readArguments(args);
  return (target, property) => {
    const owner = property === undefined ? target : target.constructor;
    const entity = (owner as { name: string }).name;
    if (options.synchronize === false) {
      if (name === undefined)
        throw new IndexDeclarationError(entity, name, 'synchronize: false needs a name');
      checkAccepted(entity, name, options);
      TypeOrmIndex(name, { synchronize: false })(owner as never);
      for (const [check, reason] of Object.entries(options.accept ?? {}))
        addAcceptDeclaration(owner, { check: check as CheckId, reason, index: name });
      return;
    }
    const ownKeys = property === undefined ? keys : [String(property)];
    if (ownKeys === undefined || ownKeys.length === 0) {
      throw new IndexDeclarationError(
        entity,
        name,
        'no keys; name at least one property or sql`…` expression',
      );
    }
    if (name !== undefined && !isWholeIdentifier(name)) {
      const problem = `the name has ${Buffer.byteLength(name)} bytes; PostgreSQL keeps 1 to ${MAX_IDENTIFIER_BYTES}`;
      throw new IndexDeclarationError(entity, name, problem);
    }
    checkIndexOptions(entity, name, typeof ownKeys === 'function' ? [] : ownKeys, options);
    addIndexDeclaration(owner, { name, keys: ownKeys, options });
    tellTypeOrm(owner, { name, keys: ownKeys, options });
  };
}

/** Without its knowing the index by name, TypeORM's schema builder would drop it as unknown. */
function tellTypeOrm(owner: object, { name, keys, options }: IndexDeclaration): void {
  if (name !== undefined) {
    TypeOrmIndex(name, { synchronize: false })(owner as never);
    return;
  }
  // An unnamed index may be declared on an abstract class or an embedded one: each table has a name of its own for it,
  // which only TypeORM's metadata can tell. What is registered here has the same columns, so it gets the same name.
  const { unique = false, type, spatial = false, where } = options;
  const columns = typeof keys === 'function' ? keys : keys.map(plainProperty);
  const hasExpression = Array.isArray(columns) && columns.includes(undefined);
  if (hasExpression || (where !== undefined && typeof where !== 'string')) {
    const problem = 'an index with an expression or a checked predicate needs a name';
    throw new IndexDeclarationError((owner as { name: string }).name, undefined, problem);
  }
  const known = { unique, spatial, ...(type && { type }), ...(where !== undefined && { where }) };
  TypeOrmIndex(columns as string[], known)(owner as never);
}

function plainProperty(key: IndexKey): string | undefined {
  if (typeof key === 'string') return key;
  return 'property' in key ? key.property : undefined;
}

interface Arguments {
  readonly name: string | undefined;
  readonly keys: readonly IndexKey[] | KeyFunction | undefined;
  readonly options: IndexOptions;
}

function readArguments(args: unknown[]): Arguments {
  const rest = [...args];
  const name = typeof rest[0] === 'string' ? (rest.shift() as string) : undefined;
  const hasKeys = Array.isArray(rest[0]) || typeof rest[0] === 'function';
  const keys = hasKeys ? (rest.shift() as Arguments['keys']) : undefined;
  return { name, keys, options: (rest[0] as IndexOptions | undefined) ?? {} };
}
