import { openTestDatabase } from '@holdfast/local-postgres';
import { lockOrganizations } from '../test/table-lock';
import { openService } from '../test/test-service';

const QUESTION = '/v1/organizations?domain=acme.example';

describe('the header Request-Timeout', () => {
  it('ends a request that the database keeps waiting, and its statement, sooner than the default', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url, { DATABASE_DEADLINE_MS: '600000' });
    const lock = await lockOrganizations(database.url);
    try {
      const reading = await service.get(QUESTION, { 'request-timeout': '0.3' });
      const writing = await service.post('/v1/organizations', { name: 'A' }, { 'request-timeout': '0.3' });
      for (const answer of [reading, writing]) {
        expect(answer).toMatchObject({ status: 504, body: { type: '/problems/deadline-exceeded' } });
      }
      await lock.waitForNobody();
    } finally {
      await lock.release();
    }
    expect((await service.get(QUESTION, { 'request-timeout': '10' })).status).toBe(200);
    await service.close();
  });

  it('gets no more than the maximum', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url, {
      DATABASE_DEADLINE_MS: '600000',
      REQUEST_TIMEOUT_MAX_MS: '400',
    });
    const lock = await lockOrganizations(database.url);
    try {
      expect((await service.get(QUESTION, { 'request-timeout': '600' })).status).toBe(504);
    } finally {
      await lock.release();
      await service.close();
    }
  });

  it('may ask for more than the default', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url, {
      DATABASE_DEADLINE_MS: '100',
      REQUEST_TIMEOUT_MAX_MS: '600000',
    });
    const lock = await lockOrganizations(database.url);
    try {
      const patient = service.get(QUESTION, { 'request-timeout': '600' });
      await lock.waitForWaiting(1);
      // One that waits longer than the default is there to see the lock go.
      expect((await service.get(QUESTION)).status).toBe(504);
      await lock.release();
      expect((await patient).status).toBe(200);
    } finally {
      await service.close();
    }
  });

  it('is none of the business of whoever asks whether the service is there', async () => {
    await using database = await openTestDatabase();
    const service = await openService(database.url);
    try {
      for (const path of ['/livez', '/readyz', '/metrics', '/console/data']) {
        const { status } = await service.get(path, { 'request-timeout': '30s' });
        expect({ path, status }).toEqual({ path, status: 200 });
      }
    } finally {
      await service.close();
    }
  });

  it.each(['soon', '-1', '0', '1s', '1e3', ''])(
    'is refused where it is no number of seconds: "%s"',
    async (value) => {
      await using database = await openTestDatabase();
      const service = await openService(database.url);
      const answer = await service.get(QUESTION, { 'request-timeout': value });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'headers.request-timeout' }] } });
      await service.close();
    },
  );
});
