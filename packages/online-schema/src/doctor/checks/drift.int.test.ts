import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Accept } from '../../declaration/accept-decorator';
import { Index } from '../../declaration/index-decorator';
import { examineOnly } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

@Entity({ name: 'notes' })
@Index('idx_notes_text', ['text'])
class Note {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'notes_pkey' })
  id!: number;
  @Column({ type: 'text' })
  text!: string;
}

@Entity({ name: 'notes' })
@Index('idx_notes_text', ['text'], { accept: { drift: 'is built at night' } })
@Accept('drift', { name: 'idx_notes_extra', reason: 'belongs to the reporting team' })
@Accept('drift', { property: 'text', reason: 'may be longer here' })
class LenientNote {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'notes_pkey' })
  id!: number;
  @Column({ type: 'text' })
  text!: string;
}

describe('the check for drift', () => {
  let scratch: Scratch;

  beforeEach(async () => {
    scratch = await openScratch();
    await scratch.dataSource.query('create table notes (id integer primary key, text text not null)');
  });

  afterEach(() => scratch.close());

  it('reports what differs from the entities, and nothing where nothing does', async () => {
    const dataSource = await scratch.open({ entities: [Note] });
    const missing = await examineOnly(dataSource, 'drift');
    expect(missing.findings).toMatchObject([
      { object: 'public.idx_notes_text', severity: 'warning', figures: { kind: 'missing' } },
    ]);
    const mended = await examineOnly(dataSource, 'drift', missing.findings[0]?.mend);
    expect(mended).toMatchObject({ findings: [], unseen: [] });
    const extra = await examineOnly(dataSource, 'drift', [
      'create index idx_notes_extra on notes (id, text)',
    ]);
    expect(extra.findings).toMatchObject([{ object: 'public.idx_notes_extra', severity: 'notice' }]);
  });

  it('leaves to other checks what those report under their own names', async () => {
    const dataSource = await scratch.open({ entities: [Note] });
    const report = await examineOnly(dataSource, 'drift', [
      'create index idx_notes_text on notes (text)',
      `update pg_index set indisvalid = false where indexrelid = 'idx_notes_text'::regclass`,
    ]);
    expect(report.findings).toEqual([]);
  });

  it('is accepted for a declared index, an undeclared one and a column', async () => {
    const dataSource = await scratch.open({ entities: [LenientNote] });
    const report = await examineOnly(dataSource, 'drift', [
      'create index idx_notes_extra on notes (id, text)',
      'alter table notes alter column text drop not null',
    ]);
    expect(report.findings).toEqual([]);
    expect(report.accepted.map(({ reason }) => reason).sort()).toEqual([
      'belongs to the reporting team',
      'is built at night',
      'may be longer here',
    ]);
    expect(report.stale).toEqual([]);
  });

  it('cannot look where no temporary table may be made, and says what to grant', async () => {
    const role = `no_temp_${process.pid}_${Date.now()}`;
    const [row]: { name: string }[] = await scratch.dataSource.query('select current_database() as name');
    await scratch.dataSource.query(`revoke temporary on database "${row?.name}" from public`);
    await scratch.dataSource.query(`create role ${role}`);
    try {
      await scratch.dataSource.query(`grant select on notes to ${role}`);
      const plain = await scratch.open({ entities: [Note], poolSize: 1 });
      await plain.query(`set role ${role}`);
      const refused = await examineOnly(plain, 'drift');
      expect(refused).toMatchObject({
        findings: [],
        checks: [{ completed: false }],
        unseen: [{ message: expect.stringContaining('GRANT TEMPORARY') }],
      });
    } finally {
      await scratch.dataSource.query(`drop owned by ${role}`);
      await scratch.dataSource.query(`drop role ${role}`);
    }
  });
});
