import { readDataset } from './dataset';
import { SOURCE_TAG } from './events';
import { readExamples } from './example';

const examples = readExamples();
const { events, organizations, users } = readDataset();

function eventOf(key: string) {
  const event = events.find(({ idempotencyKey }) => idempotencyKey === `octokit-webhooks-examples:${key}`);
  if (event === undefined) throw new Error(`no event ${key}`);
  return event;
}

describe('events of the examples', () => {
  it('are one for each payload, exact copies included, in the order of the package', () => {
    expect(events).toHaveLength(329);
    expect(events.map(({ payload }) => payload)).toEqual(examples.map(({ payload }) => payload));
    expect(new Set(events.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(329);
    expect(new Set(events.map(({ payload }) => JSON.stringify(payload))).size).toBeLessThan(329);
  });

  it('come out the same every time', () => {
    expect(readDataset().events).toEqual(events);
  });

  it('name only organizations and users that will have a row', () => {
    const known = new Set([...organizations, ...users].map(({ externalId }) => externalId));
    const named = events.flatMap(({ organization, user, aggregate }) => [
      organization,
      user,
      'externalId' in aggregate ? aggregate.externalId : null,
    ]);
    expect(named.filter((externalId) => externalId !== null && !known.has(externalId))).toEqual([]);
  });

  it('have types made of the kind and the action', () => {
    expect(eventOf('issues:15').eventType).toBe('issues.opened');
    expect(eventOf('push:0').eventType).toBe('push');
  });

  it('carry what they are about in tags', () => {
    expect(eventOf('push:1').tags).toEqual([
      SOURCE_TAG,
      'event:push',
      'repository:Codertocat/Hello-World',
      'organization:Octocoders',
      'sender:Codertocat',
    ]);
  });

  it.each([
    ['push:0', 'repository'],
    ['team:2', 'organization'],
    ['installation:0', 'installation'],
    ['sponsorship:0', 'user'],
    ['security_advisory:0', 'security_advisory'],
  ])('%s belongs to the stream of a %s', (key, type) => {
    expect(eventOf(key).aggregate.type).toBe(type);
  });

  it('meet in one stream when they are about one repository', () => {
    expect(eventOf('push:0').aggregate).toEqual(eventOf('star:0').aggregate);
    expect(eventOf('push:0').aggregate).not.toEqual(eventOf('repository:1').aggregate);
  });

  it('have no user where an organization is the sender', () => {
    expect(eventOf('org_block:0')).toMatchObject({ user: null, organization: 'github:38302899' });
  });

  it('are correlated by the commit that was checked, reviewed and closed', () => {
    const { correlationId } = eventOf('pull_request:0');
    expect(correlationId).not.toBeNull();
    for (const key of ['check_run:0', 'check_suite:0', 'pull_request_review:0', 'pull_request:3']) {
      expect(eventOf(key).correlationId).toBe(correlationId);
    }
  });

  it('are correlated by the issue, for an issue and its comments', () => {
    expect(eventOf('issues:15').correlationId).toBe(eventOf('issue_comment:0').correlationId);
  });

  it('are not correlated by the commit of a deleted branch, which is none', () => {
    expect(eventOf('push:1').payload.after).toMatch(/^0+$/);
    expect(eventOf('push:1').correlationId).toBeNull();
    expect(eventOf('push:0').correlationId).not.toBeNull();
  });
});
