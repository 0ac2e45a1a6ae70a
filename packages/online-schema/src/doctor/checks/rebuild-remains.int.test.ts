import type { DataSource } from 'typeorm';
import { CLINIC, Patient, Ward } from '../../test/clinic.entities';
import { examineOnly } from '../../test/examine-only';
import { openScratch, type Scratch } from '../../test/scratch';

describe('remains of a replacement', () => {
  let scratch: Scratch;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await openScratch();
    for (const statement of CLINIC) await scratch.dataSource.query(statement);
    dataSource = await scratch.open({ entities: [Patient, Ward] });
  });

  afterEach(() => scratch.close());

  it('are dropped where the index itself is there', async () => {
    const report = await examineOnly(dataSource, 'rebuild-remains', [
      'create index idx_patients_name_hf_new on patients (name)',
    ]);
    expect(report.findings).toMatchObject([{ object: 'public.idx_patients_name_hf_new' }]);
    const mended = await examineOnly(dataSource, 'rebuild-remains', report.findings[0]?.mend);
    expect(mended.findings).toEqual([]);
  });

  it.each<[string, string]>([
    ['gone', 'alter index idx_patients_name rename to idx_patients_name_hf_new'],
    [
      'not valid',
      `with broken as (
         update pg_index set indisvalid = false where indexrelid = 'idx_patients_name'::regclass returning 1
       ) select from broken`,
    ],
  ])('are kept where the index itself is %s: queries have nothing else', async (_, statement) => {
    const report = await examineOnly(dataSource, 'rebuild-remains', [
      statement,
      'create index if not exists idx_patients_name_hf_new on patients (name)',
    ]);
    expect(report.findings).toMatchObject([{ object: 'public.idx_patients_name_hf_new', mend: [] }]);
    expect(report.findings[0]?.message).toMatch(/ not to be dropped\.$/);
  });

  it('are kept where they are the replica identity or a foreign key refers to them, and said to be', async () => {
    const statements = [
      'create unique index idx_patients_name_hf_old on patients (name)',
      'alter table patients replica identity using index idx_patients_name_hf_old',
    ];
    const identity = await examineOnly(dataSource, 'rebuild-remains', statements);
    expect(identity.findings).toMatchObject([{ object: 'public.idx_patients_name_hf_old', mend: [] }]);
    expect(identity.findings[0]?.message).toContain('It is the replica identity of the table');
    const referenced = await examineOnly(dataSource, 'rebuild-remains', [
      'alter table patients replica identity default',
      'create table visits (patient text references patients (name))',
    ]);
    expect(referenced.findings).toMatchObject([{ mend: [] }]);
    expect(referenced.findings[0]?.message).toContain('A foreign key refers to it');
  });

  it('give the order of rows that CLUSTER keeps to what has come in their place', async () => {
    const { findings } = await examineOnly(dataSource, 'rebuild-remains', [
      'create index idx_patients_name_hf_old on patients (name)',
      'alter table patients cluster on idx_patients_name_hf_old',
    ]);
    for (const statement of findings[0]?.mend ?? []) await dataSource.query(statement);
    await expect(dataSource.query('cluster patients')).resolves.toBeDefined();
    expect(await examineOnly(dataSource, 'rebuild-remains')).toMatchObject({ findings: [] });
  });
});
