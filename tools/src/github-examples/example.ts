import { readFileSync } from 'node:fs';
import type { Payload } from './payload';

/** One webhook delivery that GitHub documents: real in shape, and mostly in content. */
export interface Example {
  /** Kind of event, as in the header `X-GitHub-Event`. */
  readonly name: string;
  /** Place among the examples of its kind. */
  readonly index: number;
  readonly payload: Payload;
}

/** Reads every example of the package, in its order. A few are exact copies of another; each is an event of its own. */
export function readExamples(): Example[] {
  const file = require.resolve('@octokit/webhooks-examples/api.github.com/index.json');
  const kinds: { name: string; examples: Payload[] }[] = JSON.parse(readFileSync(file, 'utf8'));
  return kinds.flatMap(({ name, examples }) => examples.map((payload, index) => ({ name, index, payload })));
}
