import { type Example, readExamples } from './example';
import { listMemberships } from './memberships';
import { listOrganizations } from './organizations';
import { listObjects } from './payload';
import { listUsers } from './users';

const examples = readExamples();
const text = JSON.stringify(examples);

function example(name: string, payload: Example['payload']): Example {
  return { name, index: 0, payload };
}

function account(id: number, fields: Readonly<Record<string, unknown>> = {}) {
  return { id, login: `login-${id}`, type: 'User', ...fields };
}

describe('organizations', () => {
  it('are those that payloads name, each once', () => {
    const ids = new Set(
      examples.flatMap(({ payload }) => {
        const organization = payload.organization as { id: number } | undefined;
        return organization === undefined ? [] : [`github:${organization.id}`];
      }),
    );
    const organizations = listOrganizations(examples);
    expect(organizations.map(({ externalId }) => externalId)).toEqual([...ids]);
    expect(organizations).toHaveLength(14);
  });

  it('have the name that was seen last', () => {
    const renamed = ['before', 'after'].map((login) =>
      example('organization', { organization: { id: 7, login } }),
    );
    expect(listOrganizations(renamed)).toEqual([{ externalId: 'github:7', name: 'after' }]);
  });
});

describe('users', () => {
  const users = listUsers(examples);

  it('are the people and bots whose accounts appear anywhere, each once', () => {
    const ids = new Set(
      examples.flatMap(({ payload }) =>
        [...listObjects(payload)]
          .filter(({ login, type }) => login !== undefined && (type === 'User' || type === 'Bot'))
          .map(({ id }) => `github:${id}`),
      ),
    );
    expect(users.map(({ externalId }) => externalId).toSorted()).toEqual([...ids].toSorted());
    expect(users.filter(({ role }) => role === 'service')).toHaveLength(3);
  });

  it('have only e-mails that are written in the payloads, none twice', () => {
    const emails = users.flatMap(({ email }) => (email === null ? [] : [email]));
    expect(emails).toEqual(['21031067+Codertocat@users.noreply.github.com', 'username@email.com']);
    for (const email of emails) expect(text).toContain(`"email":"${email}"`);
  });

  it('have no names, for no payload tells one of two words beside an account', () => {
    expect(users.filter(({ firstName, lastName }) => firstName !== null || lastName !== null)).toEqual([]);
  });

  it('leave an organization out, even as a sender', () => {
    expect(listUsers([example('fork', { sender: account(9, { type: 'Organization' }) })])).toEqual([]);
  });

  it('take an e-mail from the author of a commit by login, within the payload only', () => {
    const author = { name: 'Ada', email: 'ada@example.org', username: 'login-1' };
    const pushed = example('push', { head_commit: { author }, sender: account(1) });
    const other = example('star', { sender: account(2, { login: 'login-1' }) });
    expect(listUsers([pushed, other]).map(({ email }) => email)).toEqual(['ada@example.org', null]);
  });

  it('give an e-mail to the first who shows it, whatever its case', () => {
    const both = [account(1, { email: 'ada@example.org' }), account(2, { email: 'Ada@Example.org' })];
    expect(listUsers([example('star', { both })]).map(({ email }) => email)).toEqual([
      'ada@example.org',
      null,
    ]);
  });

  it.each([
    ['Ada Lovelace', 'Ada', 'Lovelace'],
    ['Ada', null, null],
    ['Ada King Lovelace', null, null],
  ])('split the name "%s" only if it has two words', (name, firstName, lastName) => {
    expect(listUsers([example('star', { sender: account(1, { name }) })])).toMatchObject([
      { firstName, lastName },
    ]);
  });
});

describe('memberships', () => {
  it('are those that the payloads tell', () => {
    expect(listMemberships(examples)).toEqual([
      { user: 'github:21031067', organization: 'github:38302899', role: 'member', status: 'active' },
      { user: 'github:39652351', organization: 'github:38302899', role: 'member', status: 'pending' },
    ]);
  });

  it('survive being removed from a team', () => {
    const told = ['added', 'removed'].map((action) =>
      example('membership', { action, member: account(1), organization: { id: 7 } }),
    );
    expect(listMemberships(told)).toMatchObject([{ user: 'github:1', status: 'active' }]);
  });

  it('keep the role and the state that GitHub tells', () => {
    const payload = {
      action: 'member_added',
      membership: { user: account(1), role: 'admin', state: 'active' },
      organization: { id: 7 },
    };
    expect(listMemberships([example('organization', payload)])).toMatchObject([
      { role: 'admin', status: 'active' },
    ]);
  });
});
