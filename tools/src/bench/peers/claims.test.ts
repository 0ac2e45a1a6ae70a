import { around, createCell, SAMPLE_REPORT } from '../../test/peers-report';
import { judgePeers } from './claims';
import type { Interval } from './interval';
import type { OperationName } from './layer';
import { BASELINE, CONTROL, OURS } from './line-up';

/** Whether all holds, where Holdfast takes these parts of the time of others at one operation. */
function holds(operation: OperationName, times: Readonly<Record<string, Interval>>): boolean {
  const cells = [createCell({ operation, callers: 1 }, times)];
  return judgePeers({ ...SAMPLE_REPORT, cells }, []).every(({ held }) => held);
}

describe('the claims of bench:peers', () => {
  it('hold for a report in which everything does, each with what was found', () => {
    const claims = judgePeers(SAMPLE_REPORT, []);
    expect(claims.filter(({ held }) => !held)).toEqual([]);
    // Twenty cells, four of them twice, twelve of reads, three of round trips, and the answers.
    expect(claims).toHaveLength(1 + 24 + 12 + 3);
    expect(claims.map(({ found }) => found).join()).not.toMatch(/NaN|undefined|null/);
  });

  it('are those of answers first, which decide in a quick run too', () => {
    const [answers, ...others] = judgePeers(SAMPLE_REPORT, ['Kysely has 1 instead of "1"']);
    expect(answers).toMatchObject({ kind: 'correctness', held: false, found: 'Kysely has 1 instead of "1"' });
    expect(new Set(others.map(({ kind }) => kind))).toEqual(new Set(['speed']));
  });

  it('want the whole interval below 1, beside whoever is nearest', () => {
    expect(holds('lookUpById', { Kysely: around(0.9, 0.09) })).toBe(true);
    expect(holds('lookUpById', { Kysely: around(0.9, 0.11) })).toBe(false);
    expect(holds('lookUpById', { [BASELINE]: around(1.1) })).toBe(false);
    expect(holds('lookUpById', { Kysely: { ratio: 0.5, lower: null, upper: null, pairs: 1 } })).toBe(false);
  });

  it('bear at the others as much as two that are the same are found apart', () => {
    expect(holds('insertEntry', { Kysely: around(1.01) })).toBe(true);
    expect(holds('insertEntry', { Kysely: around(1.03) })).toBe(false);
  });

  it('leave the control out', () => {
    expect(holds('lookUpById', { [CONTROL]: around(2) })).toBe(true);
  });

  it('want less processor time of the client where something is read, and fewer round trips', () => {
    const [cell] = SAMPLE_REPORT.cells;
    const layers = cell?.layers.map((layer) =>
      layer.name === OURS ? { ...layer, cpuRatio: around(1) } : layer,
    );
    const busy = judgePeers({ ...SAMPLE_REPORT, cells: cell && layers ? [{ ...cell, layers }] : [] }, []);
    expect(busy.filter(({ held }) => !held).map(({ claim }) => claim)).toEqual([
      'lookup by primary key, 1 at once: Holdfast takes less processor time in its client than pg named',
    ]);
    const traffic = { lookUpById: { roundTrips: 1, sentBytes: 1, receivedBytes: 1 } };
    const chatty = SAMPLE_REPORT.layers.map((layer) =>
      layer.name === OURS
        ? { ...layer, traffic: { ...traffic, insertEntry: { ...traffic.lookUpById, roundTrips: 3 } } }
        : layer,
    );
    const claims = judgePeers({ ...SAMPLE_REPORT, cells: [], layers: chatty }, []);
    expect(claims.map(({ held }) => held)).toEqual([true, true, false, false]);
  });
});
