import { Writable } from 'node:stream';

/**
 * Writes to a stream what comes in one turn of the event loop at once, when the turn is over: to a pipe or a file a process writes
 * synchronously, and a call for each line is what lines cost under load. When the process ends, what it has said is written before;
 * one that is killed loses the lines of its last turn.
 */
export function writeByTurn(stream: Pick<Writable, 'write'>): Writable {
  let waiting = '';
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text !== '') stream.write(text);
  };
  process.on('exit', flush);
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      if (waiting === '') setImmediate(flush);
      waiting += text;
      done();
    },
  });
}
