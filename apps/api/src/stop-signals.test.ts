import { EventEmitter } from 'node:events';
import { stopOnSignals } from './stop-signals';

/** A process of which nothing is real but its events. */
function openProcess() {
  const target = Object.assign(new EventEmitter(), {
    stdout: new EventEmitter(),
    exit: jest.fn<void, [number]>(),
  });
  const stop = jest.fn();
  let nowMs = 1_000;
  stopOnSignals(stop, { target, now: () => nowMs });
  const send = (signal: string, afterMs = 0): void => {
    nowMs += afterMs;
    target.emit(signal, signal);
  };
  return {
    send,
    stop,
    exit: target.exit,
    closeOutput: () => target.stdout.emit('error', new Error('EPIPE')),
  };
}

describe('a process that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('by %s, stops, and ends by itself', (signal) => {
    const { send, stop, exit } = openProcess();
    send(signal);
    expect(stop).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
  });

  it('by the end of whoever read its output, stops', () => {
    const { closeOutput, stop } = openProcess();
    closeOutput();
    closeOutput();
    expect(stop).toHaveBeenCalledTimes(1);
  });

  it.each(['SIGTERM', 'SIGINT'])('by %s, which npm repeats, does not end at once', (signal) => {
    const { send, stop, exit } = openProcess();
    send(signal);
    send(signal, 299);
    expect(stop).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('by a second %s, ends at once with what a shell reports, %d', (signal, code) => {
    const { send, exit } = openProcess();
    send(signal);
    send(signal, 1);
    send(signal, 299);
    expect(exit.mock.calls).toEqual([[code]]);
  });

  it('by another signal after the first, ends at once', () => {
    const { send, stop, exit } = openProcess();
    send('SIGTERM');
    send('SIGINT');
    expect(stop).toHaveBeenCalledTimes(1);
    expect(exit.mock.calls).toEqual([[130]]);
  });

  it('by a terminal that hangs up several times, stops once', () => {
    const { send, stop, exit } = openProcess();
    send('SIGHUP');
    send('SIGHUP');
    expect(stop).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
  });
});
