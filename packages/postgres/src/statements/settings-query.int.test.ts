import { openTemporaryServer } from '@holdfast/local-postgres';
import { readLease } from '../pool/lease';
import { openPool, rejection } from '../test/settings';

it('leaves the connection as it was where a COPY without rows is sent with settings', async () => {
  const server = await openTemporaryServer();
  try {
    await using pool = openPool(server.url, { max: 1 });
    const client = await pool.acquire();
    await client.query('CREATE TEMPORARY TABLE note (id int)');
    const lease = readLease(client);
    if (lease === undefined) throw new Error('no connection of the pool');
    lease.settings = [['app.who', 'me']];
    const refusal = await rejection(client.query('COPY note FROM STDIN'));
    expect(refusal).toMatchObject({ code: '57014', message: expect.stringContaining('No source stream') });
    const { rows } = await client.query("SELECT current_setting('app.who') AS who");
    expect(rows).toEqual([{ who: 'me' }]);
    client.release();
  } finally {
    await server.stop();
  }
});
