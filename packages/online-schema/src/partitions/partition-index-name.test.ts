import fc from 'fast-check';
import { isPartitionIndexName, partitionIndexName } from './partition-index-name';

const INDEX = { table: 'visits', name: 'idx_visits_page', keys: ['"page"'] };
const PARTITION = { schema: 'public', name: 'visits_2020' };

describe('the name of an index on a partition', () => {
  it('names the partition and the index of the whole', () => {
    expect(partitionIndexName(PARTITION, INDEX)).toMatch(
      /^visits_2020_idx_visits_page_hf_[0-9a-f]{10}_[0-9a-f]{6}$/,
    );
  });

  it('is another one for another definition, and known for both', () => {
    const one = partitionIndexName(PARTITION, INDEX);
    const other = partitionIndexName(PARTITION, { ...INDEX, keys: ['"page" DESC'] });
    expect(one).not.toBe(other);
    for (const name of [one, other]) expect(isPartitionIndexName(PARTITION, INDEX.name, name)).toBe(true);
    expect(isPartitionIndexName(PARTITION, 'idx_visits_at', one)).toBe(false);
    expect(isPartitionIndexName({ ...PARTITION, name: 'visits_2021' }, INDEX.name, one)).toBe(false);
  });

  it('does not depend on where the definition says it stands', () => {
    const elsewhere = { ...INDEX, schema: 'public', table: 'visits_2020', requires: ['pg_trgm'] };
    expect(partitionIndexName(PARTITION, elsewhere)).toBe(partitionIndexName(PARTITION, INDEX));
  });

  it('is whole, whatever the names are', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(name, name, (table, index) => {
        const made = partitionIndexName({ schema: 'public', name: table }, { ...INDEX, name: index });
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(63);
        expect(made).not.toContain('\uFFFD');
        expect(Buffer.from(made).toString()).toBe(made);
        expect(isPartitionIndexName({ schema: 'public', name: table }, index, made)).toBe(true);
        // PostgreSQL's own choice for a partition.
        expect(made).not.toMatch(/_(idx|key)\d*$/);
      }),
    );
  });

  it('keeps partitions apart whose long names begin alike', () => {
    const long = 'a'.repeat(60);
    const names = Array.from({ length: 100 }, (_, at) =>
      partitionIndexName({ schema: 'public', name: `${long}${at}` }, { ...INDEX, name: long }),
    );
    expect(new Set(names).size).toBe(100);
  });
});
