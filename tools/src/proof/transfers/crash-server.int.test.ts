import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { withClient } from '../../measurement/with-client';
import { crashServer } from './crash-server';

describe.each(['halt', 'kill'] as const)('a crash by %s', (way) => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  it('ends every connection, keeps what was committed, and forgets what was not', async () => {
    await withClient(server.url, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS id'));
    await withClient(server.url, async (client) => {
      await client.query('BEGIN; INSERT INTO kept VALUES (2)');
      let isDown = false;
      await crashServer(server, way, () => {
        isDown = true;
      });
      expect(isDown).toBe(true);
      await expect(client.query('COMMIT')).rejects.toThrow();
    });
    const { rows } = await withClient(server.url, (client) => client.query('SELECT id FROM kept'));
    expect(rows).toEqual([{ id: 1 }]);
  });
});
