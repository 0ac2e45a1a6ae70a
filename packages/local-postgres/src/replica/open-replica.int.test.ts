import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import type { TemporaryServer } from '../postgres-server';
import { isPostmasterOf } from '../postmaster';
import { openTemporaryServer } from '../temporary-server';
import { eventually } from '../test/eventually';
import { startOwnerOfBoth } from '../test/owner-process';
import { openClient, query } from '../test/query';
import { openScratchFolder } from '../test/scratch-folder';
import { postgresVersions } from '../version';
import { dropSlot } from './base-backup';
import { openReplica, type Replica } from './open-replica';

const readSlots = 'SELECT slot_name FROM pg_replication_slots';

async function readNumbers(server: TemporaryServer): Promise<unknown[]> {
  return query(server.url, 'SELECT number FROM numbers ORDER BY number');
}

async function write(server: TemporaryServer, number: number): Promise<void> {
  await query(server.url, `INSERT INTO numbers VALUES (${number})`);
}

async function openPrimary(): Promise<TemporaryServer> {
  const primary = await openTemporaryServer();
  await query(primary.url, 'CREATE TABLE numbers AS SELECT 1 AS number');
  return primary;
}

describe('openReplica', () => {
  it.each(postgresVersions)('reads what the primary writes, on PostgreSQL %i', async (version) => {
    await using primary = await openTemporaryServer({ version });
    await query(primary.url, 'CREATE TABLE numbers AS SELECT 1 AS number');
    await using replica = await openReplica(primary);
    expect(replica).toMatchObject({ version, attached: false });
    expect(replica.port).not.toBe(primary.port);
    expect(await query(replica.url, 'SELECT pg_is_in_recovery()')).toEqual([true]);
    await write(primary, 2);
    await replica.waitForReplay();
    expect(await readNumbers(replica)).toEqual([1, 2]);
    await expect(write(replica, 3)).rejects.toMatchObject({ code: '25006' });
  });

  it('is a whole copy although the primary is written to meanwhile', async () => {
    await using primary = await openPrimary();
    await using writer = await openClient(primary.url);
    let isOpen = false;
    const churn = (async () => {
      for (let round = 0; !isOpen; round += 1) {
        await writer.query(`CREATE TABLE made_${round} AS SELECT generate_series(1, 1000) AS number`);
        if (round > 0) await writer.query(`DROP TABLE made_${round - 1}`);
        await writer.query('INSERT INTO numbers SELECT generate_series(1, 100)');
        await writer.query('CHECKPOINT');
      }
    })();
    const opening = openReplica(primary).finally(() => {
      isOpen = true;
    });
    await Promise.all([opening, churn]);
    await using replica = await opening;
    await replica.waitForReplay();
    const digest = "SELECT count(*)::int, md5(string_agg(number::text, ',' ORDER BY number)) FROM numbers";
    expect(await query(replica.url, digest)).toEqual(await query(primary.url, digest));
    const tables = "SELECT relname FROM pg_class WHERE relname LIKE 'made%'";
    expect(await query(replica.url, tables)).toEqual(await query(primary.url, tables));
  });

  it('takes the settings of its primary, and its own on top', async () => {
    await using primary = await openTemporaryServer({
      settings: { max_connections: 130, shared_preload_libraries: 'pg_stat_statements', hot_standby: false },
    });
    await using replica = await openReplica(primary, { settings: { work_mem: '7MB' } });
    const sql = `SELECT current_setting(name)
                   FROM unnest('{max_connections,shared_preload_libraries,work_mem}'::text[]) WITH ORDINALITY AS s(name, n)
                  ORDER BY n`;
    expect(await query(replica.url, sql)).toEqual(['130', 'pg_stat_statements', '7MB']);
    expect(await query(primary.url, 'SHOW work_mem')).toEqual(['4MB']);
  });

  it.each([
    { wal_level: 'minimal', max_wal_senders: 0 },
    { max_wal_senders: 0 },
    { max_replication_slots: 0 },
  ])('names the setting of a primary that forbids it: %j', async (settings) => {
    using scratch = openScratchFolder();
    await using primary = await openTemporaryServer({ settings, parent: scratch.path });
    await expect(openReplica(primary)).rejects.toMatchObject({
      code: 'replication_impossible',
      message: expect.stringContaining(Object.keys(settings)[0] ?? ''),
    });
    expect(readdirSync(scratch.path)).toHaveLength(1);
  });

  it('refuses a primary with files outside its data folder, and leaves nothing', async () => {
    using scratch = openScratchFolder();
    await using primary = await openTemporaryServer({ parent: scratch.path });
    const location = join(primary.folder, 'elsewhere');
    await query(primary.url, `COPY (SELECT) TO PROGRAM 'mkdir ${location}'`);
    await query(primary.url, `CREATE TABLESPACE elsewhere LOCATION '${location}'`);
    await expect(openReplica(primary)).rejects.toMatchObject({
      code: 'replication_impossible',
      message: expect.stringContaining('tablespace'),
    });
    expect(readdirSync(scratch.path)).toHaveLength(1);
    expect(await query(primary.url, readSlots)).toEqual([]);
  });

  it('gives up when asked to, and leaves nothing', async () => {
    using scratch = openScratchFolder();
    await using primary = await openTemporaryServer({ parent: scratch.path });
    const controller = new AbortController();
    const attempt = openReplica(primary, { signal: controller.signal });
    await eventually('the start has begun', () => readdirSync(scratch.path).length > 1);
    controller.abort();
    await expect(attempt).rejects.toThrow('aborted');
    await eventually('its folder is gone', () => readdirSync(scratch.path).length === 1);
    await eventually('its slot is gone', async () => (await query(primary.url, readSlots)).length === 0);
  });
});

describe('a replica', () => {
  let primary: TemporaryServer;
  beforeAll(async () => {
    primary = await openPrimary();
  });
  afterAll(() => primary.stop());

  async function useReplica(test: (replica: Replica) => Promise<void>): Promise<void> {
    await query(primary.url, 'TRUNCATE numbers');
    await write(primary, 1);
    await using replica = await openReplica(primary);
    await test(replica);
  }

  it('that is paused shows the past, and the present after it is resumed', () =>
    useReplica(async (replica) => {
      await replica.pauseReplay();
      await write(primary, 2);
      const [position] = await query(primary.url, 'SELECT pg_current_wal_lsn()::text');
      await eventually('it has received what was written', async () => {
        const received = `SELECT pg_last_wal_receive_lsn() >= '${position}'::pg_lsn`;
        return (await query(replica.url, received))[0] === true;
      });
      expect(await readNumbers(replica)).toEqual([1]);
      await expect(replica.waitForReplay(undefined, { timeoutMs: 1 })).rejects.toMatchObject({
        code: 'replay_timed_out',
      });
      await expect(replica.waitForReplay(undefined, { signal: AbortSignal.abort() })).rejects.toThrow(
        'aborted',
      );
      await replica.resumeReplay();
      await replica.waitForReplay(String(position));
      expect(await readNumbers(replica)).toEqual([1, 2]);
    }));

  it('that is promoted accepts writes, which its former primary does not see', () =>
    useReplica(async (replica) => {
      await expect(write(replica, 2)).rejects.toMatchObject({ code: '25006' });
      await replica.promote();
      expect(await query(replica.url, 'SELECT pg_is_in_recovery()')).toEqual([false]);
      await write(replica, 2);
      expect(await readNumbers(replica)).toEqual([1, 2]);
      expect(await readNumbers(primary)).toEqual([1]);
    }));

  it('can be promoted when its primary is dead', async () => {
    await using dying = await openPrimary();
    await using replica = await openReplica(dying);
    await write(dying, 2);
    await replica.waitForReplay();
    await dying.halt('immediate');
    await replica.promote();
    await write(replica, 3);
    expect(await readNumbers(replica)).toEqual([1, 2, 3]);
  });

  it.each(['fast', 'immediate'] as const)('catches up after a halt (%s)', (shutdown) =>
    useReplica(async (replica) => {
      await replica.halt(shutdown);
      await write(primary, 2);
      await query(primary.url, 'SELECT pg_switch_wal()');
      await query(primary.url, 'CHECKPOINT');
      await replica.resume();
      await replica.waitForReplay();
      expect(await readNumbers(replica)).toEqual([1, 2]);
    }),
  );

  it('follows a primary that has crashed and come back', async () => {
    await using crashing = await openPrimary();
    await using replica = await openReplica(crashing);
    await crashing.halt('immediate');
    expect(await readNumbers(replica)).toEqual([1]);
    await crashing.resume();
    await write(crashing, 2);
    await replica.waitForReplay();
    expect(await readNumbers(replica)).toEqual([1, 2]);
  });

  it('that is stopped leaves no folder, and no slot on its primary', async () => {
    const replica = await openReplica(primary);
    expect(await query(primary.url, 'SELECT active FROM pg_replication_slots')).toEqual([true]);
    await replica.stop();
    expect(await query(primary.url, readSlots)).toEqual([]);
    expect(existsSync(replica.folder)).toBe(false);
    await replica.stop();
  });

  it('drops its slot as soon as nobody uses it any more', async () => {
    const slot = 'used_by_somebody';
    await query(primary.url, `SELECT pg_create_physical_replication_slot('${slot}', true)`);
    const [position] = await query(primary.url, 'SELECT pg_current_wal_lsn()');
    const options = { replication: 'true' } as ClientConfig;
    const user = await openClient(primary.url, options);
    const streaming = user
      .query(`START_REPLICATION SLOT ${slot} PHYSICAL ${position}`)
      .catch(() => undefined);
    const active = `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`;
    await eventually('the slot is in use', async () => (await query(primary.url, active))[0] === true);
    const dropping = dropSlot({ adminUrl: primary.adminUrl, data: '', slot });
    await eventually('it was tried in vain', () =>
      readFileSync(join(primary.folder, 'server.log'), 'utf8').includes(`"${slot}" is active`),
    );
    await user.end();
    await Promise.all([dropping, streaming]);
    expect(await query(primary.url, active)).toEqual([]);
  });

  it('can be stopped after its primary', async () => {
    const first = await openTemporaryServer();
    const replica = await openReplica(first);
    await first.stop();
    await replica.stop();
    expect(existsSync(replica.folder)).toBe(false);
  });

  it('ends with a process that is killed, as its primary does', async () => {
    using scratch = openScratchFolder();
    const owner = await startOwnerOfBoth('openReplica', {}, { parent: scratch.path });
    const { pid, folder } = owner.server;
    expect(readdirSync(scratch.path)).toHaveLength(2);
    await owner.kill();
    await eventually('it is gone', async () => !(await isPostmasterOf(pid, join(folder, 'data'))));
    await eventually(`nothing is left in ${scratch.path}`, () => readdirSync(scratch.path).length === 0);
  });
});
