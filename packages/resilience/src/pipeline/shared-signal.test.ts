import { getEventListeners } from 'node:events';
import { bulkhead } from '../bulkhead/bulkhead';
import { ManualWork } from '../test/pipeline-manual-work';
import { watch } from '../test/pipeline-outcome';
import { type AbortListener, listenToSignal, unlistenToSignal } from './shared-signal';

class Listener implements AbortListener {
  readonly reasons: unknown[] = [];
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  onAbort(reason: unknown): void {
    this.reasons.push(reason);
    this.#then();
  }
}

describe('a signal that many calls share', () => {
  let controller: AbortController;
  let signal: AbortSignal;

  beforeEach(() => {
    controller = new AbortController();
    signal = controller.signal;
  });

  const listenersOf = () => getEventListeners(signal, 'abort').length;

  it('has one listener however many calls listen, and none once they have left', () => {
    const listeners = Array.from({ length: 1000 }, () => new Listener());
    for (const listener of listeners) listenToSignal(signal, listener);
    expect(listenersOf()).toBe(1);
    for (const listener of listeners.slice(1)) unlistenToSignal(signal, listener);
    expect(listenersOf()).toBe(1);
    unlistenToSignal(signal, listeners[0] as Listener);
    expect(listenersOf()).toBe(0);
  });

  it('tells each of them once', () => {
    const listeners = Array.from({ length: 20 }, () => new Listener());
    for (const listener of listeners) listenToSignal(signal, listener);
    controller.abort('gone');
    expect(listeners.map(({ reasons }) => reasons)).toEqual(listeners.map(() => ['gone']));
    expect(listenersOf()).toBe(0);
  });

  it.each([0, 1, 2])('tells those who stay when number %i leaves', (leaver) => {
    const listeners = [new Listener(), new Listener(), new Listener()];
    for (const listener of listeners) listenToSignal(signal, listener);
    unlistenToSignal(signal, listeners[leaver] as Listener);
    controller.abort('gone');
    expect(listeners.map(({ reasons }) => reasons.length)).toEqual(
      [1, 1, 1].map((times, at) => (at === leaver ? 0 : times)),
    );
  });

  it('can be listened to again after everybody has left', () => {
    const listener = new Listener();
    listenToSignal(signal, listener);
    unlistenToSignal(signal, listener);
    listenToSignal(signal, listener);
    expect(listenersOf()).toBe(1);
    controller.abort('gone');
    expect(listener.reasons).toEqual(['gone']);
  });

  it('does not mind listeners that leave while they are told', () => {
    const listeners: Listener[] = [];
    for (let at = 0; at < 3; at += 1) {
      listeners.push(new Listener(() => unlistenToSignal(signal, listeners[at] as Listener)));
    }
    for (const listener of listeners) listenToSignal(signal, listener);
    controller.abort('gone');
    expect(listeners.map(({ reasons }) => reasons.length)).toEqual([1, 1, 1]);
  });

  it('does not mind one who leaves without having come', () => {
    const listener = new Listener();
    unlistenToSignal(signal, listener);
    listenToSignal(signal, listener);
    unlistenToSignal(signal, new Listener());
    controller.abort('gone');
    expect(listener.reasons).toEqual(['gone']);
  });

  it('gives Node no reason to warn of a leak', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const policy = bulkhead({ maxConcurrent: 1, maxQueue: 100 });
    const work = new ManualWork();
    for (let call = 0; call < 100; call += 1) watch(policy.execute(work.operation, { signal }));
    // Warnings are emitted in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(policy.queued).toBe(99);
    expect(warnings).toEqual([]);
    controller.abort();
    expect(policy.queued).toBe(0);
  });
});
