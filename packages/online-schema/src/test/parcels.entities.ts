import 'reflect-metadata';
import { Check, Column, Entity, PrimaryColumn, Index as TypeOrmIndex } from 'typeorm';
import { desc, Index, sql } from '../index';

/** One index of each kind that the drift tests change behind the back of the entities. */
@Entity({ name: 'parcels' })
@Index('idx_parcels_pair', ['sender', 'weight'])
@Index('idx_parcels_number', ['number'], { unique: true })
@Index('idx_parcels_lower', [sql`lower(${'sender'})`])
@Index('idx_parcels_sent', [desc('sentAt', { nulls: 'LAST' }), 'id'], {
  where: sql`${'status'} in ('open', 'late')`,
  storage: { fillfactor: 80 },
})
@Index('idx_parcels_cover', ['status'], { include: ['weight', 'sender'] })
@Index('idx_parcels_tags', ['tags'], { type: 'gin', storage: { fastupdate: false } })
@Check('parcels_weight_check', '"weight" > 0')
export class Parcel {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'parcels_pkey' })
  id!: number;
  @Column({ type: 'text' })
  sender!: string;
  @Column({ type: 'text', nullable: true })
  number!: string | null;
  @Column({ type: 'integer', nullable: true })
  weight!: number | null;
  @Column({ type: 'text', default: 'open' })
  status!: string;
  @Column({ name: 'sent_at', type: 'timestamptz', nullable: true })
  sentAt!: Date | null;
  @Column({ type: 'text', array: true })
  tags!: string[];
}

@Entity({ name: 'depots' })
@Index('idx_depots_town', ['town'])
export class Depot {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'depots_pkey' })
  id!: number;
  @Column({ type: 'text' })
  town!: string;
}

/** As Parcel, with as much of its indexes as TypeORM's own decorator can say, and synchronised by TypeORM. */
@Entity({ name: 'parcels' })
@TypeOrmIndex('idx_parcels_pair', ['sender', 'weight'])
@TypeOrmIndex('idx_parcels_number', ['number'], { unique: true })
@TypeOrmIndex('idx_parcels_lower', { synchronize: false })
@TypeOrmIndex('idx_parcels_cover', { synchronize: false })
@TypeOrmIndex('idx_parcels_sent', ['sentAt', 'id'], { where: `status in ('open', 'late')` })
@TypeOrmIndex('idx_parcels_tags', ['tags'], { type: 'gin' })
@Check('parcels_weight_check', '"weight" > 0')
export class TypeOrmParcel {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'parcels_pkey' })
  id!: number;
  @Column({ type: 'text' })
  sender!: string;
  @Column({ type: 'text', nullable: true })
  number!: string | null;
  @Column({ type: 'integer', nullable: true })
  weight!: number | null;
  @Column({ type: 'text', default: 'open' })
  status!: string;
  @Column({ name: 'sent_at', type: 'timestamptz', nullable: true })
  sentAt!: Date | null;
  @Column({ type: 'text', array: true })
  tags!: string[];
}
