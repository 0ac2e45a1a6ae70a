import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..');

/** What is built or installed no reader of the repository has. */
const ABSENT = /(?:^|\/)(?:node_modules|dist|\.generated|\.turbo)(?:\/|$)/;

const pages = ['README.md', ...listPages('docs')];

describe('the documentation', () => {
  it('has pages', () => {
    expect(pages.length).toBeGreaterThan(20);
  });

  it.each(pages)('%s links to nothing that is not in the repository', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const linked = targets
      .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
      .map((target) => join(dirname(page), target.replace(/#.*$/, '')));
    expect(linked.filter((path) => ABSENT.test(path) || !existsSync(join(root, path)))).toEqual([]);
  });

  it('goes with the package', () => {
    expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).files).toContain('docs');
  });
});

function listPages(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listPages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
