import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { type OpenDatabase, openDatabase } from '../test/open-database';
import { MembershipRepository } from './membership.repository';
import { AlreadyExistsError, ReferenceMissingError } from './refusals';
import { UserRepository } from './user.repository';

describe('a refusal of the database', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  /** The error with which the work fails. */
  const refusalOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('says where a value is taken, and holds none, not even in its cause', async () => {
    const users = new UserRepository(database.dataSource.manager);
    const user = { email: 'ada@private.example', firstName: 'Augusta', lastName: 'Lovelace' };
    await users.create(user);
    const refusal = await refusalOf(users.create(user));
    expect(refusal).toBeInstanceOf(AlreadyExistsError);
    expect(refusal).toMatchObject({
      index: 'idx_users_email_lower',
      cause: {
        name: 'ServerRefusalError',
        message: 'PostgreSQL refused the statement with 23505 (users, idx_users_email_lower)',
        code: '23505',
        table: 'users',
        constraint: 'idx_users_email_lower',
      },
    });
    expect(inspect(refusal, { depth: null, showHidden: true })).not.toMatch(/private|Augusta|Lovelace/);
  });

  it('says which reference leads nowhere, and to whom it does not', async () => {
    const userId = randomUUID();
    const refusal = await refusalOf(
      new MembershipRepository(database.dataSource.manager).create({ userId, organizationId: randomUUID() }),
    );
    expect(refusal).toBeInstanceOf(ReferenceMissingError);
    expect(refusal).toMatchObject({
      constraint: 'user_organizations_user_id_fkey',
      cause: { code: '23503', table: 'user_organizations', constraint: 'user_organizations_user_id_fkey' },
    });
    expect(inspect(refusal, { depth: null, showHidden: true })).not.toContain(userId);
  });
});
