import { drawFaultPlan } from './fault-plan';
import { FULL_SETTING, QUICK_SETTING } from './setting';

describe.each([
  ['full', FULL_SETTING],
  ['quick', QUICK_SETTING],
])('the faults of a %s run', (_, setting) => {
  const plan = drawFaultPlan(setting);
  const messageFaults = [...plan.messageFaults.values()].flat();
  const isCut = ({ verdict }: { readonly verdict: string }) => verdict.startsWith('cut');

  it('are the same for the same seed, and others for another', () => {
    expect(drawFaultPlan(setting)).toEqual(plan);
    expect(drawFaultPlan({ ...setting, seed: 2 })).not.toEqual(plan);
  });

  it('strike a COMMIT and its answer in every way, equally often', () => {
    const kinds = new Map<string, number>();
    for (const { place, verdict } of plan.commitFaults.values()) {
      kinds.set(`${place} ${verdict}`, (kinds.get(`${place} ${verdict}`) ?? 0) + 1);
    }
    expect(kinds.size).toBe(8);
    expect(new Set(kinds.values())).toEqual(new Set([setting.commitFaultsOfEachKind]));
  });

  it('strike as many other messages as are asked for', () => {
    expect(messageFaults.filter(isCut)).toHaveLength(setting.messageCuts);
    expect(messageFaults).toHaveLength(setting.messageCuts + setting.messageFreezes);
    expect(new Set(messageFaults.map(({ verdict }) => verdict)).size).toBe(4);
  });

  it('are more than are wanted, by a tenth, since some do not come to pass', () => {
    const cutsAtCommit = [...plan.commitFaults.values()].filter(isCut).length;
    expect(cutsAtCommit).toBeGreaterThanOrEqual(1.1 * setting.wanted.cutsAtCommit);
    expect(cutsAtCommit + setting.messageCuts).toBeGreaterThanOrEqual(1.1 * setting.wanted.cuts);
    expect(plan.crashes.size).toBe(setting.crashes);
    expect(setting.crashes).toBeGreaterThanOrEqual(setting.wanted.crashes);
  });

  it('crash the server in both ways', () => {
    expect(new Set([...plan.crashes.values()].map(({ way }) => way))).toEqual(new Set(['halt', 'kill']));
  });

  it('come while there are COMMITs to strike: less than all transfers, those that are refused left out', () => {
    const commits = [...plan.commitFaults.keys(), ...plan.messageFaults.keys(), ...plan.crashes.keys()];
    expect(Math.min(...commits)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...commits)).toBeLessThan(setting.transfers * (1 - 2 * setting.refusedShare));
  });

  it('thaw what they froze, some before its client gives up and some after', () => {
    const thaws = [...plan.commitFaults.values()].map(({ thawMs }) => thawMs);
    expect(Math.max(...thaws)).toBeLessThanOrEqual(setting.longestFreezeMs);
    expect(thaws.some((thawMs) => thawMs < setting.commitMs)).toBe(true);
    expect(thaws.some((thawMs) => thawMs > 2 * setting.commitMs)).toBe(true);
  });
});
