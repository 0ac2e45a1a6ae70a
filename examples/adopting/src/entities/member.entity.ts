import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

@Entity('members')
@Index('idx_members_email', ['email'], { unique: true, where: 'email IS NOT NULL' })
export class Member {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 200 })
  name!: string;

  @Column({ type: 'varchar', length: 320, nullable: true })
  email!: string | null;
}
