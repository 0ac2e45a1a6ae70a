import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something to read and write. */
@Entity({ name: 'note' })
export class Note {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'text' })
  text!: string;
}
