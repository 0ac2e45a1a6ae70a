import type { IndexCost } from './index-costs';
import { type IndexReport, listPatternRows } from './report';

/** What dropping an index costs one pattern, in buffers at the largest scale. */
interface DropCost {
  readonly pattern: string;
  readonly buffers: number;
  readonly buffersWithout: number;
  /** What answers instead. */
  readonly instead: readonly string[];
}

/** One row of the ledger. */
export interface LedgerRow extends Omit<IndexCost, 'verdict'> {
  /** Of the patterns that rely on it or use it, the dearest first. */
  readonly drops: readonly DropCost[];
  readonly verdict: string;
  readonly reason: string;
}

/** From how many times the buffers on a pattern is worth an index. */
const WORTH = 2;

/** The ledger: every index with what it costs to write, what it spares to read, and what is to become of it. */
export function listLedgerRows(report: IndexReport): readonly LedgerRow[] {
  const patterns = listPatternRows(report);
  return (report.ledger?.costs ?? []).map((cost) => {
    const drops = patterns
      .flatMap(({ name, byScale }): DropCost[] => {
        const last = byScale.at(-1);
        const dropped = last?.drops.find(({ index }) => index === cost.name);
        if (last === undefined || dropped === undefined) return [];
        const { buffers: buffersWithout, indexes: instead } = dropped;
        return [{ pattern: name, buffers: last.with.buffers, buffersWithout, instead }];
      })
      .toSorted((one, other) => readTimes(other) - readTimes(one));
    return { ...cost, drops, ...judge(cost, drops) };
  });
}

/** How many times the buffers a pattern touches without the index. */
export function readTimes({ buffers, buffersWithout }: Pick<DropCost, 'buffers' | 'buffersWithout'>): number {
  return buffersWithout / Math.max(1, buffers);
}

function judge(
  { name, verdict, foreignKeys, definition }: IndexCost,
  [dearest]: readonly DropCost[],
): Pick<LedgerRow, 'verdict' | 'reason'> {
  if (verdict.decision === 'merge') return { verdict: `merge with ${verdict.into}`, reason: verdict.reason };
  if (verdict.decision === 'drop') return { verdict: 'drop', reason: verdict.reason };
  if (dearest !== undefined && readTimes(dearest) >= WORTH) {
    return { verdict: 'keep', reason: `“${dearest.pattern}” would touch ${dearest.buffersWithout} buffers` };
  }
  if (definition.startsWith('CREATE UNIQUE')) return { verdict: 'keep', reason: 'it enforces a rule' };
  const [key] = foreignKeys;
  if (key !== undefined) return { verdict: 'keep', reason: `${key} finds its rows through it` };
  if (dearest === undefined) return { verdict: 'drop', reason: 'no pattern relies on it' };
  const reason = 'no pattern that relies on it touches twice the buffers without it';
  const instead = dearest.instead.find((index) => index !== name);
  return { verdict: instead === undefined ? 'drop' : `merge with ${instead}`, reason };
}
