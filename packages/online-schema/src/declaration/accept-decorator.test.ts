import 'reflect-metadata';
import { AcceptDeclarationError } from './accept-declaration-error';
import { Accept } from './accept-decorator';
import { acceptDeclarationsOf } from './declarations';
import { IndexDeclarationError } from './index-declaration-error';
import { Index } from './index-decorator';

describe('@Accept', () => {
  it('remembers check, reason and what it is about, in the order in which they are written', () => {
    @Accept('foreign-key-without-index', { property: 'owner', reason: ' owners stay ' })
    @Accept('foreign-key-without-index', { property: ['owner', 'kind'], reason: 'both' })
    @Accept('bloat', { name: 'pets_pkey', reason: 'rebuilt on Sundays' })
    @Accept('missing-index', { reason: 'exported every night' })
    class Pet {
      owner!: string;
      kind!: string;
    }
    expect(acceptDeclarationsOf(Pet)).toEqual([
      { check: 'foreign-key-without-index', properties: ['owner'], reason: 'owners stay' },
      { check: 'foreign-key-without-index', properties: ['owner', 'kind'], reason: 'both' },
      { check: 'bloat', index: 'pets_pkey', reason: 'rebuilt on Sundays' },
      { check: 'missing-index', reason: 'exported every night' },
    ]);
  });

  it('compiles only for checks that there are, and for properties the entity has', () => {
    // @ts-expect-error the class has no property "ownr"
    @Accept('foreign-key-without-index', { property: 'ownr', reason: 'r' })
    // @ts-expect-error nor all of these
    @Accept('foreign-key-without-index', { property: ['owner', 'knd'], reason: 'r' })
    @Accept('foreign-key-without-index', { property: 'home.city', reason: 'r' })
    // @ts-expect-error nor is there such a path
    @Accept('foreign-key-without-index', { property: 'home.town', reason: 'r' })
    class Pet {
      owner!: string;
      home!: { city: string };
    }
    expect(acceptDeclarationsOf(Pet)).toHaveLength(4);
    // @ts-expect-error a reason is needed
    expect(() => Accept('bloat', {})(Pet)).toThrow('needs a reason');
    // @ts-expect-error there is no such check
    expect(() => Accept('sunburn', { reason: 'r' })(Pet)).toThrow('unknown check "sunburn"');
  });

  it.each<[string, () => unknown, string]>([
    ['an empty reason', () => Accept('bloat', { reason: '' }), 'accepting "bloat" needs a reason'],
    ['a blank reason', () => Accept('bloat', { reason: ' \n' }), 'accepting "bloat" needs a reason'],
    ['a reason that is no text', () => Accept('bloat', { reason: 7 as never }), 'needs a reason'],
    ['no options', () => Accept('bloat', undefined as never), 'needs a reason'],
    [
      'a property and a name',
      () => Accept('bloat', { reason: 'r', property: 'a', name: 'b' }),
      'property and name exclude each other',
    ],
    [
      'no property at all',
      () => Accept('bloat', { reason: 'r', property: [] }),
      'an empty list of properties',
    ],
  ])('refuses %s, naming entity and check', (_, declare, message) => {
    class Refused {
      a!: string;
    }
    const decorate = () => (declare() as (target: object) => void)(Refused);
    expect(decorate).toThrow(AcceptDeclarationError);
    expect(decorate).toThrow(message);
    expect(decorate).toThrow('@Accept "bloat" on Refused:');
  });
});

describe('accept of @Index', () => {
  it.each<[string, () => unknown, string]>([
    ['an empty reason', () => Index('idx_x', ['a'], { accept: { 'unused-index': ' ' } }), 'needs a reason'],
    [
      'an unknown check',
      // @ts-expect-error there is no such check
      () => Index('idx_x', ['a'], { accept: { sunburn: 'summer' } }),
      'unknown check "sunburn"; allowed are invalid-index,',
    ],
    [
      'an empty reason for an index of somebody else',
      () => Index('idx_x', { synchronize: false, accept: { bloat: '' } }),
      'accepting "bloat" needs a reason',
    ],
  ])('refuses %s', (_, declare, message) => {
    class Refused {
      a!: string;
    }
    const decorate = () => (declare() as (target: object) => void)(Refused);
    expect(decorate).toThrow(IndexDeclarationError);
    expect(decorate).toThrow(message);
  });

  it('accepts for an index that somebody else owns, by its name', () => {
    @Index('idx_foreign', { synchronize: false, accept: { 'unused-index': 'theirs' } })
    class Owned {}
    expect(acceptDeclarationsOf(Owned)).toEqual([
      { check: 'unused-index', index: 'idx_foreign', reason: 'theirs' },
    ]);
  });
});
