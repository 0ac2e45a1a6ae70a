import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLE_REPORT } from '../../test/api-bench-report';
import { renderApiBench, replaceApiBench } from './render-api-bench';

const DOCS = join(__dirname, '../../../../docs');
const FIGURES = join(DOCS, 'benchmarks', 'api.json');

describe('the benchmark of the service in the documentation', () => {
  const page = readFileSync(join(DOCS, 'benchmarks-api.md'), 'utf8');

  // To renew it: npm run bench:api -- --docs docs
  it('has the figures that were measured, and no others', () => {
    const rendered = existsSync(FIGURES)
      ? renderApiBench(JSON.parse(readFileSync(FIGURES, 'utf8')))
      : 'Not measured yet.';
    expect(page).toBe(replaceApiBench(page, rendered));
  });

  it('says how it was made, and all that was found', () => {
    const text = renderApiBench(SAMPLE_REPORT);
    for (const fact of [SAMPLE_REPORT.command, 'Node 20', '1,000', '0.80 ×', '| 200 % |', 'typeorm']) {
      expect(text).toContain(fact);
    }
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  it('is refused for a page without its markers', () => {
    expect(() => replaceApiBench('# Benchmarks', '')).toThrow('no markers');
  });
});
