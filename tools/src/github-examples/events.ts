import { type Aggregate, aggregateOf, senderOf } from './aggregate';
import { correlate } from './correlation';
import type { Example } from './example';
import { externalIdOf } from './external-id';
import { readMoment } from './moment';
import { type Payload, readId, readText } from './payload';

/** Tag of every event that was loaded from the examples. */
export const SOURCE_TAG = 'source:octokit-webhooks-examples';

/** An example as an event, with rows named by their external ids. */
export interface ExampleEvent {
  readonly aggregate: Aggregate;
  readonly idempotencyKey: string;
  readonly eventType: string;
  /** Undefined where the payload tells no time at all. */
  readonly eventTimestamp: Date | undefined;
  readonly organization: string | null;
  readonly user: string | null;
  readonly correlationId: string | null;
  readonly tags: readonly string[];
  readonly payload: Payload;
}

/**
 * One event for each example, in the order of the package.
 *
 * @param users external ids of the users that have a row.
 */
export function listEvents(examples: readonly Example[], users: ReadonlySet<string>): ExampleEvent[] {
  return examples.map((example) => {
    const { name, index, payload } = example;
    const action = readText(payload, 'action');
    const organization = readId(payload, 'organization.id');
    return {
      aggregate: aggregateOf(payload, users),
      idempotencyKey: `octokit-webhooks-examples:${name}:${index}`,
      eventType: action === undefined ? name : `${name}.${action}`,
      eventTimestamp: readMoment(example),
      organization: organization === undefined ? null : externalIdOf(organization),
      user: senderOf(payload, users),
      correlationId: correlate(payload),
      tags: listTags(name, payload),
      payload,
    };
  });
}

function listTags(name: string, payload: Payload): string[] {
  const tag = (key: string, path: string): string[] => {
    const value = readText(payload, path);
    return value === undefined ? [] : [`${key}:${value}`];
  };
  return [
    SOURCE_TAG,
    `event:${name}`,
    ...tag('repository', 'repository.full_name'),
    ...tag('organization', 'organization.login'),
    ...tag('sender', 'sender.login'),
  ];
}
