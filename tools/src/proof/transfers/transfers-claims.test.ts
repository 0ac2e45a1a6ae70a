import type { Audit } from './audit';
import type { VerdictCounts } from './fault-counts';
import type { RunFigures } from './run-way';
import { QUICK_SETTING } from './setting';
import { judgeTransfers, type TransfersFigures } from './transfers-claims';
import { TITLES, WAYS, type Way } from './ways';

const COUNTS: VerdictCounts = { 'cut-before': 3, 'cut-after': 3, freeze: 1, 'freeze-after': 1 };
const AUDIT: Audit = {
  committed: 900,
  refused: 50,
  givenUp: {},
  unknown: 0,
  unknownApplied: 0,
  unknownByTimeout: 0,
  unreported: [],
  missing: [],
  appliedAfterAll: [],
  repeated: [],
  distorted: [],
  unbalanced: [],
  surplus: 0,
  wrongHooks: [],
};
const RUN: RunFigures = {
  audit: AUDIT,
  course: { attempts: 1000, resolvedByWitness: 9, resolvedByToken: 9 },
  faults: { request: COUNTS, answer: COUNTS, elsewhere: { ...COUNTS, 'cut-before': 30 } },
  crashes: 2,
  seconds: 1,
};

interface Changes {
  readonly audit?: Partial<Audit>;
  readonly course?: Partial<RunFigures['course']>;
  readonly faults?: Partial<RunFigures['faults']>;
  readonly crashes?: number;
}

/** As a run might find them where everything holds. */
const FIGURES: TransfersFigures = {
  id: RUN,
  ledger: RUN,
  witness: { ...RUN, audit: { ...AUDIT, unknown: 5, unknownApplied: 2 } },
  unproved: { ...RUN, audit: { ...AUDIT, unknown: 40, unknownApplied: 25 } },
  plain: { ...RUN, audit: { ...AUDIT, repeated: [3, 4] } },
};

function change(way: Way, { audit, course, faults, crashes = 2 }: Changes): TransfersFigures {
  const run = FIGURES[way];
  const changed = {
    ...run,
    crashes,
    audit: { ...run.audit, ...audit },
    course: { ...run.course, ...course },
    faults: { ...run.faults, ...faults },
  };
  return { ...FIGURES, [way]: changed };
}

const findBroken = (figures: TransfersFigures): string[] =>
  judgeTransfers(figures, QUICK_SETTING).flatMap(({ held, claim }) => (held ? [] : [claim]));

describe('the claims of the proof of transfers', () => {
  it('all hold where nothing went wrong', () => {
    expect(findBroken(FIGURES)).toEqual([]);
    expect(judgeTransfers(FIGURES, QUICK_SETTING)).toHaveLength(22);
  });

  it.each<[string, Way, Changes]>([
    ['plain TypeORM made no mistake', 'plain', { audit: { repeated: [] } }],
    ['every outcome was known without a proof', 'unproved', { audit: { unknown: 0, unknownApplied: 0 } }],
    ['none of the unknown ones was applied', 'unproved', { audit: { unknownApplied: 0 } }],
    ['all of the unknown ones were applied', 'unproved', { audit: { unknownApplied: 40 } }],
    ['an outcome stayed unknown despite the id', 'id', { audit: { unknown: 1 } }],
    ['an outcome stayed unknown despite the ledger', 'ledger', { audit: { unknown: 1 } }],
    ['no id was looked up', 'id', { course: { resolvedByToken: 0 } }],
    ['no ledger was looked up', 'ledger', { course: { resolvedByToken: 0 } }],
    ['no witness was asked beside the ledger', 'ledger', { course: { resolvedByWitness: 0 } }],
    ['no witness was asked', 'witness', { course: { resolvedByWitness: 0 } }],
    ['a witness did not answer in time', 'witness', { audit: { unknownByTimeout: 1 } }],
  ])('notice when %s', (_, way, changes) => {
    expect(findBroken(change(way, changes))).toEqual([expect.stringContaining(TITLES[way])]);
  });

  it.each(WAYS)('notice in the run with %s that too little broke', (way) => {
    const few: readonly Changes[] = [
      { crashes: 1 },
      { faults: { elsewhere: COUNTS } },
      { faults: { request: { ...COUNTS, 'cut-before': 0 } } },
      { faults: { answer: { ...COUNTS, freeze: 0 } } },
    ];
    for (const changes of few) {
      expect(findBroken(change(way, changes))).toEqual([expect.stringContaining('connections broke')]);
    }
  });

  const holdfast = WAYS.filter((way) => way !== 'plain');
  it.each(holdfast)('notice every mistake in the run with %s', (way) => {
    const exactlyOnce = ['unreported', 'missing', 'appliedAfterAll', 'repeated', 'distorted'] as const;
    for (const mistake of exactlyOnce) {
      const broken = findBroken(change(way, { audit: { [mistake]: [7] } }));
      expect(broken).toEqual([expect.stringContaining('exactly once')]);
    }
    for (const audit of [{ unbalanced: [3] }, { surplus: 10 }]) {
      expect(findBroken(change(way, { audit }))).toEqual([expect.stringContaining('every account')]);
    }
    const broken = findBroken(change(way, { audit: { wrongHooks: [7] } }));
    expect(broken).toEqual([expect.stringContaining('hooks')]);
  });

  it('name some of the transfers that went wrong, not all', () => {
    const figures = change('ledger', { audit: { missing: [1, 2, 3, 4, 5, 6, 7], repeated: [9] } });
    const [broken] = judgeTransfers(figures, QUICK_SETTING).filter(({ held }) => !held);
    expect(broken?.found).toBe(
      '7 were committed and are not there: 1, 2, 3, 4, 5, …; 1 are there more than once: 9',
    );
  });
});
