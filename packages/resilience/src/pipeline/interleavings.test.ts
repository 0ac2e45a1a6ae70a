import { listInterleavings, type Script, type Step } from '../test/pipeline-interleavings';
import { Stage, type StageSettings } from '../test/pipeline-stage';

interface Play {
  readonly steps: readonly Step[];
  /** What the stage looked like after each step. */
  readonly seen: readonly string[];
  /** What was wrong, at any time. */
  readonly offences: readonly string[];
}

async function play(settings: StageSettings, steps: readonly Step[]): Promise<Play> {
  const stage = new Stage(settings);
  const seen: string[] = [];
  const offences: string[] = [];
  for (const step of steps) {
    await stage.take(step);
    seen.push(stage.describe());
    offences.push(...stage.listOffences());
  }
  await stage.finish();
  seen.push(stage.describe());
  offences.push(...stage.listLeftovers());
  return { steps, seen, offences };
}

/** Each on a stage and a clock of its own; side by side, because a turn of the event loop costs more than a step. */
async function* playAll(settings: StageSettings, all: Iterable<readonly Step[]>): AsyncGenerator<Play> {
  let batch: Promise<Play>[] = [];
  for (const steps of all) {
    batch.push(play(settings, steps));
    if (batch.length < 30) continue;
    yield* await Promise.all(batch);
    batch = [];
  }
  yield* await Promise.all(batch);
}

/** One event after the start. */
const SHORT: readonly Script[] = [['ok'], ['fail'], ['timeout'], ['abort']];

/** Two events after the start: those in which the first does not end it all. */
const LONG: readonly Script[] = [
  ['fail', 'ok'],
  ['fail', 'fail'],
  ['timeout', 'ok'],
  ['abort', 'fail'],
];

jest.setTimeout(300_000);

// Half of the calls end in an error that nobody reads the stack of; writing it down would take a third of the time.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe.each<StageSettings>([
  { slots: 1, permits: 1 },
  { slots: 2, permits: 2 },
])('through $slots slot(s), with $permits trial(s) while half-open', (settings) => {
  it.each([
    { calls: 1, scripts: [...SHORT, ...LONG], count: 8 },
    { calls: 2, scripts: [...SHORT, ...LONG], count: 368 },
    { calls: 3, scripts: LONG, count: 17_920 },
    { calls: 4, scripts: SHORT, count: 26_880 },
  ])('$calls call(s) keep every promise in all $count interleavings', async ({ calls, scripts, count }) => {
    const states = new Set<string | undefined>();
    let played = 0;
    for await (const { steps, seen, offences } of playAll(settings, listInterleavings(calls, scripts))) {
      // Compared first, because `expect` alone would cost more than the whole interleaving.
      if (offences.length > 0) expect({ steps, seen, offences }).toMatchObject({ offences: [] });
      for (const line of seen) states.add(line.split(' ')[1]);
      played += 1;
    }
    expect(played).toBe(count);
    if (calls > 2) expect([...states].sort()).toEqual(['closed', 'half-open', 'open']);
  });

  it('3 calls come through an interleaving the same way every time', async () => {
    const once: Play[] = [];
    for await (const played of playAll(settings, listInterleavings(3, SHORT))) once.push(played);
    let at = 0;
    for await (const again of playAll(settings, listInterleavings(3, SHORT))) {
      if (again.seen.join('\n') !== once[at]?.seen.join('\n')) expect(again).toEqual(once[at]);
      at += 1;
    }
    expect(at).toBe(once.length);
    expect(at).toBeGreaterThan(900);
  });
});
