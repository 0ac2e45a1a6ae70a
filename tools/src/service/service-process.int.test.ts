import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { openServiceProcess, SERVICE_ARGUMENTS } from './service-process';

const ROOT = join(__dirname, '../../..');

describe('a service that is measured', () => {
  it('is started as its image starts it', () => {
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
    expect(JSON.parse(command)).toEqual(['node', ...SERVICE_ARGUMENTS]);
  });

  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database?.drop());

  /** What it says while it starts. */
  async function listMessages(variables: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const messages: string[] = [];
    const onLine = (line: string) => messages.push(JSON.parse(line).message);
    await using _service = await openServiceProcess(database.url, { variables, onLine });
    return messages;
  }

  const UNBOUND = 'The policies of the database do not hold for the role of the service';

  it('is bound by the policies that keep organizations apart', async () => {
    const messages = await listMessages();
    expect(messages).toContain('Service listens');
    expect(messages).not.toContain(UNBOUND);
  });

  it('would say so if it were not (control)', async () => {
    expect(await listMessages({ DATABASE_URL: database.url })).toContain(UNBOUND);
  });
});
