import 'reflect-metadata';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Accept, desc, Index } from '../index';

/** A schema with faults of every severity, some of them accepted. */
@Entity({ name: 'wards' })
export class Ward {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
}

@Entity({ name: 'patients' })
@Index('idx_patients_seen', [desc('seenAt')], {
  accept: { 'desc-nulls-first': 'who was never seen is what the list begins with' },
})
@Index('idx_patients_name', ['name'], {
  accept: { 'duplicate-index': 'was one once' },
})
@Index('idx_patients_city', ['city'])
@Index('idx_patients_city_name', ['city', 'name'])
@Accept('foreign-key-without-index', { property: 'ward', reason: 'wards are never deleted' })
export class Patient {
  @PrimaryColumn({ type: 'integer' })
  id!: number;
  @Column({ type: 'text' })
  name!: string;
  @Column({ type: 'text' })
  city!: string;
  @Column({ name: 'seen_at', type: 'timestamptz', nullable: true })
  seenAt!: Date | null;
  @ManyToOne(() => Ward)
  @JoinColumn({ name: 'ward_id', foreignKeyConstraintName: 'patients_ward_fk' })
  ward?: Relation<Ward>;
  @ManyToOne(() => Ward)
  @JoinColumn({ name: 'next_ward_id', foreignKeyConstraintName: 'patients_next_ward_fk' })
  nextWard?: Relation<Ward>;
}

/** What makes the tables as the entities declare them. */
export const CLINIC = [
  'create table wards (id integer primary key)',
  `create table patients (
     id integer primary key, name text not null, city text not null, seen_at timestamptz,
     ward_id integer, next_ward_id integer,
     constraint patients_ward_fk foreign key (ward_id) references wards,
     constraint patients_next_ward_fk foreign key (next_ward_id) references wards
   )`,
  'create index idx_patients_seen on patients (seen_at desc)',
  'create index idx_patients_name on patients (name)',
  'create index idx_patients_city on patients (city)',
  'create index idx_patients_city_name on patients (city, name)',
];
