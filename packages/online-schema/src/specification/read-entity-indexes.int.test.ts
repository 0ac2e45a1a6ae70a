import 'reflect-metadata';
import { Column, Entity, PrimaryColumn, Index as TypeOrmIndex } from 'typeorm';
import { Index, readEntityIndexes } from '../index';
import { openScratch, type Scratch } from '../test/scratch';

abstract class Dated {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Index()
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

class Address {
  @Index()
  @Column({ type: 'text' })
  city!: string;
}

@Entity({ name: 'letters' })
@Index(['createdAt', { property: 'id', order: 'DESC' }], { unique: true, where: '"id" > 0' })
@Index((letter: Letter) => [letter.subject])
class Letter extends Dated {
  @Column({ type: 'text' })
  subject!: string;
  @Column(() => Address)
  from!: Address;
  @Column(() => Address)
  to!: Address;
}

@Entity({ name: 'parcels' })
class Parcel extends Dated {}

/** As Letter, through TypeORM's own decorator. */
abstract class ControlDated {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @TypeOrmIndex()
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

class ControlAddress {
  @TypeOrmIndex()
  @Column({ type: 'text' })
  city!: string;
}

@Entity({ name: 'letters' })
@TypeOrmIndex(['createdAt', 'id'], { unique: true, where: '"id" > 0' })
@TypeOrmIndex(['subject'])
class ControlLetter extends ControlDated {
  @Column({ type: 'text' })
  subject!: string;
  @Column(() => ControlAddress)
  from!: ControlAddress;
  @Column(() => ControlAddress)
  to!: ControlAddress;
}

describe('reading the indexes that entities declare', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
  });

  afterAll(() => scratch.close());

  it('gives unnamed indexes of abstract and embedded classes the names TypeORM would, one for each table', async () => {
    const dataSource = await scratch.open({ entities: [Letter, Parcel] });
    const control = await scratch.open({ entities: [ControlLetter] });
    const ours = readEntityIndexes(dataSource);
    const expected = control.getMetadata(ControlLetter).indices.map(({ name }) => name);
    expect(expected).toHaveLength(5);
    const letters = ours.filter(({ table }) => table === 'letters');
    expect(letters.map(({ name }) => name).sort()).toEqual(expected.sort());
    expect(letters.map(({ keys }) => keys.join(', ')).sort()).toEqual([
      '"created_at"',
      '"created_at", "id" DESC',
      '"fromCity"',
      '"subject"',
      '"toCity"',
    ]);
    expect(ours.filter(({ table }) => table === 'parcels')).toHaveLength(1);
  });
});
