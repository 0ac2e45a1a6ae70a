import 'reflect-metadata';
import { Entity, getMetadataArgsStorage, type Relation } from 'typeorm';
import { indexDeclarationsOf } from './declarations';
import { IndexDeclarationError } from './index-declaration-error';
import { Index } from './index-decorator';
import { desc } from './index-key';
import type { IndexOptions } from './index-options';
import { sql } from './sql-fragment';

class Address {
  city!: string;
}

describe('@Index', () => {
  it('tells TypeORM the name and to leave the index alone', () => {
    @Entity()
    @Index('idx_told', ['email'], { unique: true })
    class Told {
      email!: string;
    }
    const args = getMetadataArgsStorage().indices.filter(({ target }) => target === Told);
    expect(args).toMatchObject([{ name: 'idx_told', synchronize: false }]);
  });

  it('keeps the order of several decorators as they are written', () => {
    @Index('idx_first', ['a'])
    @Index('idx_second', ['b'])
    class Ordered {
      a!: string;
      b!: string;
    }
    expect(indexDeclarationsOf(Ordered).map(({ name }) => name)).toEqual(['idx_first', 'idx_second']);
  });

  it('leaves the name of an unnamed index to TypeORM, which is told its columns', () => {
    @Index(['organizationId', { property: 'createdAt', order: 'DESC' }], { unique: true })
    class AuditEntry {
      organizationId!: string;
      createdAt!: Date;
    }
    expect(indexDeclarationsOf(AuditEntry).map(({ name }) => name)).toEqual([undefined]);
    const args = getMetadataArgsStorage().indices.filter(({ target }) => target === AuditEntry);
    expect(args).toMatchObject([{ columns: ['organizationId', 'createdAt'], unique: true }]);
  });

  it('compiles for optional and nullable properties, for relations and for names known only at run time', () => {
    const names: string[] = ['email'];
    const options: IndexOptions = { unique: true };
    @Index('idx_optional', ['nick', 'organization', 'address.city', 'email'], { include: ['nick'] })
    @Index('idx_variable', names, options)
    @Index('idx_variable_key', [names[0] ?? ''])
    class Lenient {
      email!: string | null;
      nick?: string;
      organization?: Relation<Address>;
      address!: Address | null;
    }
    expect(indexDeclarationsOf(Lenient)).toHaveLength(3);
  });

  it('compiles only for properties the entity has', () => {
    // @ts-expect-error the class has no property "emial"
    @Index('idx_misspelt', ['emial'])
    // @ts-expect-error nor one of that name for an expression
    @Index('idx_misspelt_expression', [sql`lower(${'emial'})`])
    // @ts-expect-error nor for a predicate
    @Index('idx_misspelt_predicate', ['email'], { where: sql`${'emial'} is not null` })
    // @ts-expect-error nor for an included column
    @Index('idx_misspelt_include', ['email'], { include: ['emial'] })
    // @ts-expect-error nor in descending order
    @Index('idx_misspelt_desc', [desc('emial')])
    // @ts-expect-error nor inside an embedded object
    @Index('idx_misspelt_path', ['address.town'])
    @Index('idx_right', ['email', 'address.city', desc('id'), sql`lower(${'email'})`, sql`now()`], {
      include: ['id'],
      where: sql`${'email'} is not null`,
    })
    class Misspelt {
      id!: string;
      email!: string;
      address!: Address;
    }
    // What compiles as wrong is still declared, and refused by name when the definitions are read.
    expect(indexDeclarationsOf(Misspelt)).toHaveLength(7);
  });

  it.each<[string, () => unknown, string]>([
    [
      'an option of another database',
      () => Index('idx_x', ['a'], { fulltext: true } as never),
      'unknown option "fulltext"; allowed are unique,',
    ],
    [
      'an unknown method',
      () => Index('idx_x', ['a'], { type: 'rtree' as never }),
      'unknown type "rtree"; allowed are btree',
    ],
    [
      'a unique hash',
      () => Index('idx_x', ['a'], { unique: true, type: 'hash' }),
      'must be a btree, not hash',
    ],
    [
      'NULLS NOT DISTINCT without unique',
      () => Index('idx_x', ['a'], { nullsNotDistinct: true }),
      'needs unique: true',
    ],
    [
      'INCLUDE on gin',
      () => Index('idx_x', ['a'], { type: 'gin', include: ['b'] }),
      'include needs one of btree',
    ],
    ['an order on gin', () => Index('idx_x', [desc('a')], { type: 'gin' }), 'a gin index has no order'],
    ['no keys', () => Index('idx_x', []), 'no keys'],
    ['a name that PostgreSQL would cut', () => Index('i'.repeat(64), ['a']), 'the name has 64 bytes'],
    ['an unnamed expression', () => Index([sql`lower(${'a'})`]), 'needs a name'],
    [
      'a misspelt order',
      () => Index('idx_x', [{ property: 'a', order: 'desc' as 'DESC' }]),
      'unknown order "desc"; allowed are ASC, DESC',
    ],
  ])('refuses %s, naming entity and index', (_, declare, message) => {
    class Refused {
      a!: string;
      b!: string;
    }
    const decorate = () => (declare() as (target: object) => void)(Refused);
    expect(decorate).toThrow(IndexDeclarationError);
    expect(decorate).toThrow(message);
    expect(decorate).toThrow('on Refused:');
  });
});
