import 'reflect-metadata';
import {
  Column,
  Entity,
  JoinColumn,
  OneToOne,
  PrimaryColumn,
  type Relation,
  Index as TypeOrmIndex,
  Unique,
} from 'typeorm';
import { desc, Index, sql } from '../index';

/** Two versions of a small schema, as a project would have them before and after a change. */
@Entity({ name: 'customers' })
@Index('idx_customers_email', [sql`lower(${'email'})`], { unique: true })
@Index('idx_customers_recent', ['status', desc('createdAt')], { where: sql`${'status'} <> 'gone'` })
@TypeOrmIndex('idx_customers_status', ['status'])
export class CustomerBefore {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
  @Column({ type: 'text' })
  email!: string;
  @Column({ type: 'text', default: () => `'it''s "new"\n\r\n  on three lines'` })
  status!: string;
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

@Entity({ name: 'customers' })
@Index('idx_customers_email', [sql`lower(${'email'})`], { unique: true })
@Index('idx_customers_recent', ['status', desc('createdAt', { nulls: 'LAST' }), 'country'])
@Index('idx_customers_country', ['country'], { storage: { fillfactor: 90 } })
export class CustomerAfter {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
  @Column({ type: 'text' })
  email!: string;
  @Column({ type: 'text', default: () => `'it''s "new"\n\r\n  on three lines'` })
  status!: string;
  @Column({ type: 'text', nullable: true })
  country!: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

@Entity({ name: 'customers' })
@Unique('customers_email_status_key', ['email', 'status'])
export class CustomerWithUnique extends CustomerAfter {}

@Entity({ name: 'customers' })
export class CustomerMisspelt {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
  @Column({ type: 'text' })
  email!: string;
}
// As a JavaScript project would write it, where no compiler objects.
(Index('idx_customers_mail', ['emial']) as (target: unknown) => void)(CustomerMisspelt);

@Entity({ name: 'customers' })
@Index('idx_customers_email', [sql`lower(${'email'})`], { unique: true })
@Index('idx_customers_recent', ['status', desc('createdAt', { nulls: 'LAST' }), 'land'])
@Index('idx_customers_country', ['land'], { storage: { fillfactor: 90 } })
export class CustomerRenamed {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
  @Column({ type: 'text' })
  email!: string;
  @Column({ type: 'text', default: () => `'it''s "new"\n\r\n  on three lines'` })
  status!: string;
  @Column({ type: 'text', nullable: true })
  land!: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}

@Entity({ name: 'customers' })
@Index('idx_customers_country', ['country'], { storage: { fillfactor: 90 } })
export class CustomerLonger {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
  @Column({ type: 'varchar', length: 40, nullable: true })
  country!: string | null;
}

@Entity({ name: 'cards' })
export class Card {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;
}

@Entity({ name: 'customers' })
export class CustomerWithCard extends CustomerAfter {
  @OneToOne(() => Card)
  @JoinColumn({ name: 'card_id' })
  card?: Relation<Card>;
}
