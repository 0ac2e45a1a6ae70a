import type { MessageHandler, MessageVerdict, PostgresProxy, ProxyMessage } from '@holdfast/local-postgres';
import { sumFaults } from './fault-counts';
import { FaultInjector, type RunCrash } from './fault-injector';
import type { CommitFault, Crash, Fault, FaultPlan } from './fault-plan';

const NO_FAULTS: FaultPlan = { commitFaults: new Map(), messageFaults: new Map(), crashes: new Map() };

const fault = (verdict: MessageVerdict, thawMs = 1): Fault => ({ verdict, thawMs });
const atCommit = (place: CommitFault['place'], verdict: MessageVerdict): CommitFault => ({
  place,
  ...fault(verdict),
});

/** What a proxy does with its handlers, without connections: messages are passed by hand. */
function openScene(plan: Partial<FaultPlan>, runCrash: RunCrash = async () => undefined) {
  let handle: MessageHandler = () => undefined;
  let thaws = 0;
  const proxy: Pick<PostgresProxy, 'onMessage' | 'thaw'> = {
    onMessage: (handler) => {
      handle = handler;
      return () => undefined;
    },
    thaw: () => {
      thaws += 1;
    },
  };
  const injector = new FaultInjector({ ...NO_FAULTS, ...plan }, runCrash);
  injector.attach(proxy as PostgresProxy);
  const pass = (message: Partial<ProxyMessage>, id = 1): unknown =>
    handle({
      direction: 'frontend',
      type: 'B',
      text: undefined,
      ordinal: 1,
      connection: { id, index: id },
      ...message,
    });
  return {
    injector,
    countThaws: () => thaws,
    other: (id = 1) => pass({}, id),
    commit: (id = 1) => pass({ type: 'Q', text: 'COMMIT' }, id),
    answer: (id = 1) => pass({ direction: 'backend', type: 'C', text: 'COMMIT' }, id),
  };
}

describe('faults', () => {
  it('strike the COMMIT of their number, whoever sends it', () => {
    const { commit, other, injector } = openScene({
      commitFaults: new Map([[2, atCommit('request', 'cut-before')]]),
    });
    expect([commit(1), other(2), commit(2), commit(1)]).toEqual([
      undefined,
      undefined,
      'cut-before',
      undefined,
    ]);
    expect(injector.counts.request['cut-before']).toBe(1);
  });

  it('strike the answer to it, on the same connection and once', () => {
    const { commit, answer, injector } = openScene({
      commitFaults: new Map([[1, atCommit('answer', 'cut-after')]]),
    });
    expect([commit(1), commit(2), answer(2), answer(1), answer(1)]).toEqual([
      undefined,
      undefined,
      undefined,
      'cut-after',
      undefined,
    ]);
    expect(injector.counts.answer['cut-after']).toBe(1);
  });

  it('strike the next request, where that was not seen that is executed by its name, and its answer', () => {
    const { commit, answer, injector } = openScene({
      commitFaults: new Map([
        [2, atCommit('request', 'cut-before')],
        [4, atCommit('answer', 'freeze')],
      ]),
    });
    expect([commit(), answer(), answer(), commit(), answer(), answer()]).toEqual([
      undefined,
      undefined,
      undefined,
      'cut-before',
      undefined,
      'freeze',
    ]);
    expect(sumFaults(injector.counts)).toMatchObject({ cutsAtCommit: 1, freezesAtCommit: 1 });
  });

  it('strike another message after so many', () => {
    const { commit, other, injector } = openScene({
      messageFaults: new Map([[1, [{ skip: 2, ...fault('cut-after') }]]]),
    });
    expect([other(), commit(), other(), other(), other()]).toEqual([
      undefined,
      undefined,
      undefined,
      'cut-after',
      undefined,
    ]);
    expect(sumFaults(injector.counts)).toMatchObject({ cuts: 1, cutsAtCommit: 0 });
  });

  it('strike one message each', () => {
    const due = { skip: 0, ...fault('cut-before') };
    const { commit, other } = openScene({ messageFaults: new Map([[1, [due, due]]]) });
    expect([commit(), other(), other()]).toEqual(['cut-before', 'cut-before', undefined]);
  });

  it('thaw what they froze', async () => {
    const { commit, countThaws, injector } = openScene({
      commitFaults: new Map([[1, atCommit('request', 'freeze')]]),
    });
    expect(commit()).toBe('freeze');
    while (countThaws() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await injector.end();
  });

  it('are over at the end, and what was frozen goes on', async () => {
    const { commit, countThaws, injector } = openScene({
      commitFaults: new Map([
        [1, { place: 'request', ...fault('freeze', 60_000) }],
        [2, atCommit('request', 'cut-before')],
      ]),
    });
    commit();
    await injector.end();
    expect(countThaws()).toBe(1);
    expect(commit()).toBeUndefined();
    expect(injector.counts.request).toMatchObject({ freeze: 1, 'cut-before': 0 });
  });
});

describe('a crash', () => {
  const crash: Crash = { way: 'halt', storm: fault('cut-before') };

  it('begins at its COMMIT, breaks those that come until the server is down, and is over when it is back', async () => {
    let goDown = (): void => undefined;
    let comeBack = (): void => undefined;
    const runCrash: RunCrash = (way, onDown) => {
      expect(way).toBe('halt');
      goDown = onDown;
      return new Promise<void>((resolve) => {
        comeBack = resolve;
      });
    };
    const { commit, injector } = openScene({ crashes: new Map([[2, crash]]) }, runCrash);
    expect([commit(), commit(), commit()]).toEqual([undefined, 'cut-before', 'cut-before']);
    goDown();
    expect(commit()).toBeUndefined();
    expect(injector.crashes).toBe(0);
    comeBack();
    await injector.end();
    expect(injector.crashes).toBe(1);
  });

  it('that the server does not come back from is told at the end, and not counted', async () => {
    const { commit, injector, countThaws } = openScene({ crashes: new Map([[1, crash]]) }, () =>
      Promise.reject(new Error('it stays down')),
    );
    commit();
    await expect(injector.end()).rejects.toThrow('it stays down');
    expect(injector.crashes).toBe(0);
    expect(countThaws()).toBe(1);
  });
});
