import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeByTurn } from './write-by-turn';

const BUILT = join(__dirname, '../../dist/log/write-by-turn.js');

describe('writeByTurn', () => {
  it('writes the lines of a turn at once, in their order, and those of the next after them', async () => {
    const written: string[] = [];
    const stream = writeByTurn({ write: (text: string) => written.push(text) > 0 });
    stream.write('one\n');
    stream.write('two\n');
    expect(written).toEqual([]);
    await new Promise(setImmediate);
    stream.write('three\n');
    await new Promise(setImmediate);
    expect(written).toEqual(['one\ntwo\n', 'three\n']);
  });

  it.each([
    ['ends by itself', ''],
    ['is told to exit', 'process.exit(0);'],
    ['fails', 'process.on("exit", () => { process.exitCode = 0; }); throw new Error("unexpected");'],
  ])('has written everything when the process %s', async (_how, end) => {
    const program = `const { writeByTurn } = require(${JSON.stringify(BUILT)});
      writeByTurn(process.stdout).write('last words\\n'); ${end}`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
    expect(stdout).toBe('last words\n');
  });
});
