import type { UserRole } from '@holdfast/db';
import type { Example } from './example';
import { externalIdOf } from './external-id';
import { listObjects, type Payload, readId, readText } from './payload';

export interface ExampleUser {
  readonly externalId: string;
  readonly role: UserRole;
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
}

const ROLES: Readonly<Record<string, UserRole>> = Object.freeze({ User: 'member', Bot: 'service' });

/**
 * Everybody whose account appears anywhere in the examples, in the order of their first appearance; of facts that
 * changed, the last seen. What no payload tells is null. Accounts of the type Organization are not users, and
 * neither are authors of commits who are known by name and e-mail only.
 */
export function listUsers(examples: readonly Example[]): ExampleUser[] {
  const users = new Map<string, ExampleUser>();
  for (const { payload } of examples) {
    for (const account of listAccounts(payload)) {
      const known = users.get(account.externalId);
      users.set(account.externalId, {
        externalId: account.externalId,
        role: account.role,
        email: account.email ?? known?.email ?? null,
        firstName: account.name?.[0] ?? known?.firstName ?? null,
        lastName: account.name?.[1] ?? known?.lastName ?? null,
      });
    }
  }
  return withEachEmailOnce([...users.values()]);
}

interface Account {
  readonly externalId: string;
  readonly role: UserRole;
  readonly email: string | undefined;
  readonly name: readonly [string, string] | undefined;
}

function listAccounts(payload: Payload): Account[] {
  const objects = [...listObjects(payload)];
  const emails = readEmails(objects);
  return objects.flatMap((object) => {
    const id = readId(object, 'id');
    const login = readText(object, 'login');
    const role = ROLES[readText(object, 'type') ?? ''];
    if (id === undefined || login === undefined || role === undefined) return [];
    const email = readText(object, 'email') ?? emails.get(login);
    return [{ externalId: externalIdOf(id), role, email, name: readFullName(object) }];
  });
}

/**
 * E-mail by login, as far as one payload tells it: commits name their author's login as `username`, a push that of
 * the pusher as `name`. Joined within the payload only, because different accounts of the examples share a login.
 */
function readEmails(objects: readonly Payload[]): Map<string, string> {
  const emails = new Map<string, string>();
  for (const object of objects) {
    const pusher = object.pusher;
    for (const [login, email] of [
      [readText(object, 'username'), readText(object, 'email')],
      typeof pusher === 'object' ? [readText(object, 'pusher.name'), readText(object, 'pusher.email')] : [],
    ]) {
      if (login !== undefined && email !== undefined) emails.set(login, email);
    }
  }
  return emails;
}

/** First and last name, where an account shows a name of two words: of any other, which is which is a guess. */
function readFullName(account: Payload): readonly [string, string] | undefined {
  const [first, last, ...others] = readText(account, 'name')?.split(/\s+/) ?? [];
  return first && last && others.length === 0 ? [first, last] : undefined;
}

/** An e-mail belongs to one user, whatever its case: to the first who shows it. */
function withEachEmailOnce(users: readonly ExampleUser[]): ExampleUser[] {
  const taken = new Set<string>();
  return users.map((user) => {
    const email = user.email?.toLowerCase();
    if (email === undefined || !taken.has(email)) {
      if (email !== undefined) taken.add(email);
      return user;
    }
    return { ...user, email: null };
  });
}
