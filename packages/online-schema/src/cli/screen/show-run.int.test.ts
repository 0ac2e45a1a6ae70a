import { spawn } from 'node:child_process';
import { join } from 'node:path';

const built = join(__dirname, '..', '..', '..', 'dist', 'cli');

/** Shows a short run in a process whose standard output says that it is a terminal, or that it is none. */
function show(
  isTerminal: boolean,
  variables: Record<string, string> = {},
): Promise<{ out: string; err: string }> {
  const script = `
    const { processTerminal } = require('${built}/terminal');
    const { showRun } = require('${built}/screen/show-run');
    if (${isTerminal}) Object.assign(process.stdout, { isTTY: true, columns: 60, rows: 20, hasColors: () => true });
    const step = { action: 'build index', name: 'idx_orders_at' };
    showRun({ terminal: processTerminal(), signal: new AbortController().signal }, async (report) => {
      report({ type: 'pending', direction: 'up', names: ['First', 'Second', 'Third'] });
      report({ type: 'started', name: 'First', number: 1, total: 3 });
      report({ type: 'step-started', ...step });
      await new Promise((resolve) => setTimeout(resolve, 300));
      report({ type: 'step', ...step, elapsedMs: 300 });
      report({ type: 'applied', name: 'First', elapsedMs: 310 });
      report({ type: 'started', name: 'Second', number: 2, total: 3 });
      console.log('printed by a migration');
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.stdout.write('half a line');
      throw new Error('it failed');
    }).catch((error) => console.error(error.message));`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', script], {
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...variables },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('close', () => resolve({ out, err }));
  });
}

/** What a terminal shows that is sent these characters. */
function display(sent: string): string[] {
  const lines = [''];
  let row = 0;
  for (const [part, control] of sent.replaceAll('\u001b', '␛').matchAll(/␛\[(\??\d*[A-Za-z])|\n|[^␛\n]+/g)) {
    if (part === '\n') row += 1;
    else if (control === '1A') row = Math.max(0, row - 1);
    else if (control === '2K') lines[row] = '';
    else if (control === undefined) lines[row] = (lines[row] ?? '') + part;
    else if (!/^(?:G|\?25[lh]|\d*m)$/.test(control)) throw new Error(`unknown control sequence ${control}`);
    lines[row] ??= '';
  }
  return lines;
}

describe('a run on a terminal', () => {
  it('leaves what was done and what was printed, and below it where the run ended', async () => {
    const { out, err } = await show(true);
    expect(display(out)).toEqual([
      '      build index      idx_orders_at  300 ms',
      '[1/3] First  applied in 310 ms',
      'printed by a migration',
      'half a line',
      '',
      '[2/3] Second  0 s',
      'not begun: 1 migration: Third',
      '',
    ]);
    // It was redrawn, and not only printed at the end.
    expect(out).toContain('  build index idx_orders_at');
    expect(out).toContain('to come: 2 migrations: Second, Third');
    expect(out).toContain('\u001b[1m');
    expect(out.endsWith('\u001b[?25h')).toBe(true);
    expect(err).toBe('it failed\n');
  });

  it('has no colours where nobody wants them', async () => {
    const { out } = await show(true, { NO_COLOR: '1' });
    expect(out).toContain('[2/3] Second  0 s');
    expect(out).not.toMatch(/\[\d+m/);
  });

  it.each([
    ['output is no terminal', false, {}],
    ['it runs in CI', true, { CI: 'true' }],
    ['the terminal cannot redraw', true, { TERM: 'dumb' }],
  ])('is plain lines where %s', async (_, isTerminal, variables) => {
    const { out } = await show(isTerminal, variables);
    expect(out).toBe(
      '[1/3] First\n      build index      idx_orders_at  300 ms\n      applied in 310 ms\n[2/3] Second\n' +
        'printed by a migration\nhalf a line',
    );
  });
});
