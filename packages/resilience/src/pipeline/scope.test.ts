import { getEventListeners } from 'node:events';
import { createDeadline, DeadlineExceededError } from '../clock/deadline';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { type AbortListener, CallScope, Scope } from './scope';

class Listener implements AbortListener {
  readonly reasons: unknown[] = [];

  onAbort(reason: unknown): void {
    this.reasons.push(reason);
  }
}

describe('a scope', () => {
  it('is not aborted at first', () => {
    const scope = new Scope(undefined);
    expect([scope.isAborted, scope.reason, scope.signal.aborted]).toEqual([false, undefined, false]);
    expect(scope.remainingMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('tells each listener once, of the first abort', () => {
    const scope = new Scope(undefined);
    const listeners = [new Listener(), new Listener()];
    for (const listener of listeners) {
      scope.listen(listener);
      scope.listen(listener);
    }
    scope.abort('first');
    scope.abort('second');
    expect(listeners.map(({ reasons }) => reasons)).toEqual([['first'], ['first']]);
    expect([scope.isAborted, scope.reason]).toEqual([true, 'first']);
  });

  it('tells nothing to a listener that has left', () => {
    const scope = new Scope(undefined);
    const stays = new Listener();
    const leaves = new Listener();
    scope.unlisten(leaves);
    scope.listen(leaves);
    scope.listen(stays);
    scope.unlisten(leaves);
    scope.abort('reason');
    expect([stays.reasons, leaves.reasons]).toEqual([['reason'], []]);
  });

  it('shows its abort by its signal, whether that was read before or after', () => {
    const scope = new Scope(undefined);
    const { signal } = scope;
    expect(scope.signal).toBe(signal);
    scope.abort('reason');
    expect([signal.aborted, signal.reason]).toEqual([true, 'reason']);
    const late = new Scope(undefined);
    late.abort('reason');
    expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'reason']);
  });
});

describe('a scope within another', () => {
  it('ends with the outer one, and keeps its own reason if it has one', () => {
    const outer = new Scope(undefined);
    const listening = new Scope(outer);
    const silent = new Scope(outer);
    const ended = new Scope(outer);
    const listener = new Listener();
    listening.listen(listener);
    ended.abort('own');
    outer.abort('outer');
    expect([listening, silent, ended].map(({ isAborted }) => isAborted)).toEqual([true, true, true]);
    expect([listening, silent, ended].map(({ reason }) => reason)).toEqual(['outer', 'outer', 'own']);
    expect(listener.reasons).toEqual(['outer']);
    expect(silent.signal.reason).toBe('outer');
  });

  it('does not end the outer one', () => {
    const outer = new Scope(undefined);
    new Scope(outer).abort('inner');
    expect(outer.isAborted).toBe(false);
  });

  it('aborts a signal that was read through several', () => {
    const outer = new Scope(undefined);
    const { signal } = new Scope(new Scope(outer));
    outer.abort('outer');
    expect(signal.reason).toBe('outer');
  });
});

describe('a scope that was closed', () => {
  it('begins afresh', () => {
    const scope = new Scope(undefined);
    const before = new Listener();
    const after = new Listener();
    const { signal } = scope;
    scope.listen(before);
    scope.abort('first use');
    scope.close();
    expect([scope.isAborted, scope.reason]).toEqual([false, undefined]);
    expect(scope.signal).not.toBe(signal);
    scope.listen(after);
    scope.abort('second use');
    expect([before.reasons, after.reasons]).toEqual([['first use'], ['second use']]);
  });

  it('never aborts a signal that was read before', () => {
    const outer = new Scope(undefined);
    const inner = new Scope(outer);
    const { signal } = inner;
    inner.close();
    inner.abort('inner');
    outer.abort('outer');
    expect(signal.aborted).toBe(false);
  });

  it('can be ended from outside in its next use', () => {
    const outer = new Scope(undefined);
    const inner = new Scope(outer);
    inner.listen(new Listener());
    inner.close();
    const listener = new Listener();
    inner.listen(listener);
    outer.abort('outer');
    expect(listener.reasons).toEqual(['outer']);
  });
});

describe('the scope of a call', () => {
  let clock: FakeClock;
  let scope: CallScope;
  let controller: AbortController;

  beforeEach(() => {
    clock = fakeClock();
    scope = new CallScope(clock);
    controller = new AbortController();
  });

  const listenersOutside = () => [getEventListeners(controller.signal, 'abort').length, clock.pendingTimers];

  it('asks nothing of what lies outside until somebody listens, and nothing once nobody does', () => {
    scope.open(controller.signal, createDeadline(100, clock));
    const listeners = [new Listener(), new Listener()] as const;
    expect(listenersOutside()).toEqual([0, 0]);
    scope.listen(listeners[0]);
    scope.listen(listeners[1]);
    expect(listenersOutside()).toEqual([1, 1]);
    scope.unlisten(listeners[0]);
    expect(listenersOutside()).toEqual([1, 1]);
    scope.unlisten(listeners[1]);
    expect(listenersOutside()).toEqual([0, 0]);
  });

  it('keeps listening for a signal that was read, until it is closed', () => {
    scope.open(controller.signal, createDeadline(100, clock));
    expect(scope.signal.aborted).toBe(false);
    const listener = new Listener();
    scope.listen(listener);
    scope.unlisten(listener);
    expect(listenersOutside()).toEqual([1, 1]);
    scope.close();
    expect(listenersOutside()).toEqual([0, 0]);
  });

  it('ends with the signal, and asks nothing more outside', () => {
    scope.open(controller.signal, createDeadline(100, clock));
    const listener = new Listener();
    scope.listen(listener);
    controller.abort('gone');
    expect(listener.reasons).toEqual(['gone']);
    expect(listenersOutside()).toEqual([0, 0]);
  });

  it('ends with the deadline, and asks nothing more outside', async () => {
    scope.open(controller.signal, createDeadline(100, clock));
    const listener = new Listener();
    scope.listen(listener);
    await clock.advance(100);
    expect(listener.reasons).toEqual([expect.any(DeadlineExceededError)]);
    controller.abort('gone');
    expect(scope.reason).toBe(listener.reasons[0]);
    expect(listenersOutside()).toEqual([0, 0]);
  });

  it('knows that it has ended although nobody listened', async () => {
    scope.open(controller.signal, createDeadline(100, clock));
    await clock.advance(100);
    expect([scope.isAborted, scope.reason]).toEqual([true, expect.any(DeadlineExceededError)]);
    expect(scope.signal.reason).toBeInstanceOf(DeadlineExceededError);
    controller.abort('gone');
    const other = new CallScope(clock);
    other.open(controller.signal, undefined);
    expect([other.isAborted, other.reason]).toEqual([true, 'gone']);
  });

  it('has no reason while it has not ended', () => {
    scope.open(controller.signal, createDeadline(100, clock));
    expect([scope.isAborted, scope.reason, scope.remainingMs()]).toEqual([false, undefined, 100]);
  });

  it('forgets signal and deadline when it is closed', async () => {
    scope.open(controller.signal, createDeadline(100, clock));
    scope.close();
    controller.abort('gone');
    await clock.advance(100);
    expect([scope.isAborted, scope.reason, scope.deadline]).toEqual([false, undefined, undefined]);
    expect(scope.remainingMs()).toBe(Number.POSITIVE_INFINITY);
  });
});
