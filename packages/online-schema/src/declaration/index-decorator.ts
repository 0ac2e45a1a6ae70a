import { Index as TypeOrmIndex } from 'typeorm';
import { isWholeIdentifier, MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import { addIndexDeclaration, type KeyFunction } from './declarations';
import { IndexDeclarationError } from './index-declaration-error';
import type { EntityWith, IndexKey, PropertiesOf } from './index-key';
import { checkIndexOptions, type IndexOptions } from './index-options';

/** Decorates an entity class that has every property the index mentions; any other class does not compile. */
export type EntityIndexDecorator<P extends string> = <T extends EntityWith<P>>(
  target: abstract new (...args: never[]) => T,
) => void;

/**
 * Declares an index on an entity or on one of its properties: TypeORM's decorator, and what PostgreSQL has
 * beyond it (expressions, operator classes, order and NULLS, INCLUDE, NULLS NOT DISTINCT, storage parameters).
 * TypeORM itself is told to leave the index alone (`synchronize: false`); `holdfast generate` owns it.
 *
 * Without a name, the name is `idx_<class>_<properties>` in snake case.
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
      TypeOrmIndex(name, { synchronize: false })(owner as never);
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
    const givenName = name ?? defaultName(entity, ownKeys);
    if (!isWholeIdentifier(givenName)) {
      const problem = `the name has ${Buffer.byteLength(givenName)} bytes; PostgreSQL keeps 1 to ${MAX_IDENTIFIER_BYTES}`;
      throw new IndexDeclarationError(entity, givenName, problem);
    }
    checkIndexOptions(entity, givenName, typeof ownKeys === 'function' ? [] : ownKeys, options);
    addIndexDeclaration(owner, { name: givenName, keys: ownKeys, options });
    // Without its knowing the name, TypeORM's schema builder would drop the index as unknown.
    TypeOrmIndex(givenName, { synchronize: false })(owner as never);
  };
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

function defaultName(entity: string, keys: readonly IndexKey[] | KeyFunction): string {
  const properties =
    typeof keys === 'function'
      ? undefined
      : keys.map((key) => (typeof key === 'string' ? key : 'property' in key ? key.property : undefined));
  if (properties === undefined || properties.includes(undefined)) {
    throw new IndexDeclarationError(
      entity,
      undefined,
      'an index with an expression or a key function needs a name',
    );
  }
  return ['idx', entity, ...properties].map((part) => snakeCase(String(part))).join('_');
}

function snakeCase(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toLowerCase();
}
