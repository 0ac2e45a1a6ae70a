import { redactUrl } from '@holdfast/postgres';
import { identityOf } from './github-examples/identity';

/** Where the running service is found, and three questions that the examples answer. */
export interface Links {
  readonly api: string;
  readonly documentation: string;
  readonly health: string;
  readonly metrics: string;
  /** Without its password. */
  readonly console: string;
  readonly database: string;
  readonly examples: readonly string[];
}

/** The repository that most of the examples are about, Codertocat/Hello-World. */
const BUSIEST_REPOSITORY = 186853002;

/** Stands for the key, which is in no log. */
const KEY = '$HOLDFAST_KEY';

/** The links of a service. @param address `http://host:port`. */
export function listLinks(address: string, databaseUrl: string): Links {
  const stream = identityOf('repository', BUSIEST_REPOSITORY);
  return {
    api: `${address}/v1`,
    documentation: `${address}/docs`,
    health: `${address}/readyz`,
    metrics: `${address}/metrics`,
    console: `${address}/console`,
    database: redactUrl(databaseUrl),
    examples: [
      `${address}/v1/organizations?name=octo`,
      `${address}/v1/events?type=pull_request.opened&limit=1`,
      `${address}/v1/streams/repository/${stream}?limit=2`,
    ].map((url) => `curl -s -H "Authorization: Bearer ${KEY}" '${url}'`),
  };
}

/** The links as a block for a terminal, with the key in them if there is one. */
export function renderLinks(links: Links, developmentKey: string | undefined): string {
  return [
    `  API        ${links.api}`,
    `  Docs       ${links.documentation}`,
    `  Health     ${links.health}`,
    `  Metrics    ${links.metrics}`,
    `  Console    ${links.console}`,
    `  Database   ${links.database}`,
    ...(developmentKey === undefined ? [] : [`  API key    ${developmentKey}`]),
    '',
    '  Try',
    ...links.examples.map((example) => `    ${example.replace(KEY, developmentKey ?? KEY)}`),
    '',
    '  Stop with Ctrl-C.',
  ].join('\n');
}
