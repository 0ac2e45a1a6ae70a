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
});
