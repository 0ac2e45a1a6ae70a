import { Column, Entity, Index, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Book } from './book.entity';
import { Member } from './member.entity';

@Entity('loans')
@Index('idx_loans_due', ['dueOn'], { where: 'returned_on IS NULL' })
export class Loan {
  @PrimaryGeneratedColumn()
  id!: number;

  @ManyToOne(() => Book, { nullable: false })
  book!: Relation<Book>;

  @ManyToOne(() => Member, { nullable: false })
  member!: Relation<Member>;

  @Column({ type: 'date', name: 'lent_on' })
  lentOn!: string;

  @Column({ type: 'date', name: 'due_on' })
  dueOn!: string;

  @Column({ type: 'date', name: 'returned_on', nullable: true })
  returnedOn!: string | null;
}
