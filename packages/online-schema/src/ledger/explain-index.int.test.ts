import { openScratch, type Scratch } from '../test/scratch';
import { explainIndex } from './explain-index';
import { renderExplanation } from './render-explanation';

const SCENE = [
  'create table pages (id integer primary key)',
  `create table visits (
    id integer primary key, page integer references pages (id), at timestamptz not null, seen boolean not null, note text
  )`,
  'insert into pages select generate_series(1, 10)',
  `insert into visits
   select at, at % 10 + 1, timestamptz '2026-01-01' + at * interval '1 minute', at % 100 > 0, 'note ' || at
   from generate_series(1, 2000) as at`,
  'create index visits_page on visits (page)',
  'create index visits_page_at on visits (page, at desc)',
  'create index visits_page_again on visits (page)',
  'create index visits_unseen on visits (at) where not seen',
  'create index visits_note on visits (lower(note))',
];

describe('explaining an index', () => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await openScratch();
    for (const statement of SCENE) await scratch.dataSource.query(statement);
    await scratch.dataSource.query('vacuum analyze visits');
  });

  afterAll(() => scratch.close());

  it('tells its definition, its size for each row in it, and the columns that it alone keeps from HOT updates', async () => {
    const explanation = await explainIndex(scratch.dataSource, 'visits_unseen');
    expect(explanation).toMatchObject({
      schema: 'public',
      table: 'visits',
      definition: 'CREATE INDEX visits_unseen ON public.visits USING btree (at) WHERE (NOT seen)',
      entries: 20,
      rows: 2000,
      bytes: 16_384,
      soleColumns: ['seen'],
      scans: 0,
    });
    expect(explanation.bytesPerEntry).toBeCloseTo(16_384 / 20);
    expect(explanation.bytesPerRow).toBeCloseTo(16_384 / 2000);
  });

  it('counts the columns of an expression', async () => {
    expect(await explainIndex(scratch.dataSource, 'visits_note')).toMatchObject({ soleColumns: ['note'] });
  });

  it('says to drop a duplicate, and to merge the beginning of a longer one with that', async () => {
    const duplicate = await explainIndex(scratch.dataSource, 'public.visits_page_again');
    expect(duplicate.verdict).toMatchObject({
      decision: 'drop',
      reason: expect.stringContaining('visits_page has the same keys'),
    });
    const beginning = await explainIndex(scratch.dataSource, 'visits_page');
    expect(beginning.verdict).toMatchObject({ decision: 'merge', into: 'visits_page_at' });
  });

  it('keeps what a foreign key needs, and names it', async () => {
    const explanation = await explainIndex(scratch.dataSource, 'visits_page_at');
    expect(explanation.foreignKeys).toEqual(['visits_page_fkey']);
    expect(explanation.verdict).toMatchObject({ decision: 'keep' });
  });

  it('keeps the index of a constraint, and says of which', async () => {
    const { constraint, verdict } = await explainIndex(scratch.dataSource, 'visits_pkey');
    expect(constraint).toBe('visits_pkey');
    expect(verdict).toMatchObject({
      decision: 'keep',
      reason: expect.stringMatching(/^Constraint visits_pkey/),
    });
  });

  it('writes nothing: a role that may only look gets the same answer', async () => {
    const observer = await scratch.open({ extra: { options: '-c default_transaction_read_only=on' } });
    const { verdict } = await explainIndex(observer, 'visits_page_again');
    expect(verdict.decision).toBe('drop');
  });

  it('is refused for what is not there, or no index', async () => {
    await expect(explainIndex(scratch.dataSource, 'visits')).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_UNKNOWN',
      index: 'visits',
    });
    await expect(explainIndex(scratch.dataSource, 'a.b.c')).rejects.toThrow('there is no index a.b.c');
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(explainIndex(scratch.dataSource, 'visits_page', { signal })).rejects.toThrow('enough');
  });

  it('is told to people in lines that fit, but for the definition, and ends with the verdict', async () => {
    const lines = renderExplanation(await explainIndex(scratch.dataSource, 'visits_page'), 80);
    expect(lines[0]).toBe('public.visits_page');
    expect(lines[1]).toMatch(/^ {2}CREATE INDEX visits_page ON/);
    expect(lines.slice(2).filter((line) => line.length > 80)).toEqual([]);
    const labels = lines.map((line) => line.slice(0, 12).trim()).filter((label) => label !== '');
    expect(labels.slice(2)).toEqual(['size', 'usage', 'updates', 'doctor', 'verdict']);
    expect(lines.join('\n')).toMatch(/verdict {3}merge with visits_page_at\. visits_page_at begins with/);
  });
});
