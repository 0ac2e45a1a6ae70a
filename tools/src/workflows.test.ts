import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');

const readScripts = (folder: string): Readonly<Record<string, string>> =>
  JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')).scripts;

/** What a workflow runs of ours: scripts of npm, each with its workspace, and files. */
function listCommands(text: string) {
  const scripts = [...text.matchAll(/\bnpm run (?:-s )?([\w:]+)(?: -w (\S+))?/g)];
  const files = [...text.matchAll(/(?<=\s)(\.ci\/\w+)/g)];
  return {
    scripts: scripts.map(([, name = '', folder = '.']) => ({ name, folder })),
    files: files.map(([file]) => file),
  };
}

describe.each(readdirSync(FOLDER))('.github/workflows/%s', (name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8');

  it('runs scripts and files that are there', () => {
    const { scripts, files } = listCommands(text);
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((script) => readScripts(script.folder)[script.name] === undefined)).toEqual([]);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('lets a job fail only where its name says so', () => {
    const jobs = text
      .slice(text.indexOf('\njobs:\n'))
      .split(/\n(?= {2}[\w-]+:\n)/)
      .slice(1);
    expect(jobs.length).toBeGreaterThan(1);
    const lenient = jobs.filter((job) => /continue-on-error: true|\|\| true/.test(job));
    expect(lenient.filter((job) => !/^ {4}name: .*may fail/m.test(job))).toEqual([]);
  });
});

it('every proof is run every night', () => {
  const { scripts } = listCommands(readFileSync(join(FOLDER, 'nightly.yml'), 'utf8'));
  const nightly = new Set(scripts.map(({ name }) => name));
  const proofs = Object.keys(readScripts('.')).filter((name) => name.startsWith('proof:'));
  expect(proofs.filter((name) => !nightly.has(name))).toEqual([]);
});
