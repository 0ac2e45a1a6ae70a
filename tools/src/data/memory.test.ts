import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const BUILT = join(__dirname, '../../dist/data');

/** Reads half a million events, and tells by how many bytes the heap has grown since the fifty-thousandth. */
const READ = `
  const { generateData } = require('./generate-data');
  const isKept = process.argv[1] === 'kept';
  const kept = [];
  let early = 0;
  let number = 0;
  const readHeap = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  for (const event of generateData({ events: 500_000 }).events) {
    number += 1;
    if (number === 50_000) early = readHeap();
    if (isKept) kept.push(event.id);
  }
  process.stdout.write(String(readHeap() - early));
`;

function measureGrowth(mode: 'read' | 'kept'): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '-e', READ, '--', mode], {
    cwd: BUILT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout);
}

it('takes no more memory for the rows that follow, unlike somebody who keeps their ids', () => {
  expect(measureGrowth('read')).toBeLessThan(4 * 2 ** 20);
  expect(measureGrowth('kept')).toBeGreaterThan(16 * 2 ** 20);
});
