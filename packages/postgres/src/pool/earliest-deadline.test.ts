import { performance } from 'node:perf_hooks';
import { EarliestDeadline } from './earliest-deadline';

const FAR_MS = 60_000;

function watch() {
  const passed: (() => void)[] = [];
  const deadline = new EarliestDeadline(() => passed.shift()?.());
  const pass = () => new Promise<void>((resolve) => passed.push(resolve));
  const note = (inMs: number) => deadline.note(performance.now() + inMs);
  return { deadline, pass, note };
}

describe('one timer for many deadlines', () => {
  it('runs for the earliest, whichever was noted first', async () => {
    const { deadline, pass, note } = watch();
    const [first, second] = [pass(), pass()];
    note(FAR_MS);
    note(5);
    note(FAR_MS);
    await first;
    note(FAR_MS);
    note(-1);
    await second;
    note(FAR_MS);
    deadline.clear();
  });

  it('keeps nothing alive when there is none, and runs for the next', async () => {
    const count = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const { deadline, pass, note } = watch();
    const before = count();
    note(FAR_MS);
    expect(count()).toBe(before + 1);
    deadline.clear();
    expect(count()).toBe(before);
    const passed = pass();
    note(FAR_MS);
    note(5);
    await passed;
    expect(count()).toBe(before);
  });
});
