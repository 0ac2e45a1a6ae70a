import { randomUUID } from 'node:crypto';
import { openReplica, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import type { DataSource, EntityManager } from 'typeorm';
import { appendEvents } from '../event-store/append';
import { readByQuery } from '../event-store/read-by-query';
import { createDataSource } from '../index';
import { openDatabase } from '../test/open-database';
import { readLog } from './read-log';
import { createLogWatermark } from './watermark';

const append = async (manager: EntityManager): Promise<string> => {
  const { events } = await appendEvents(manager, {
    aggregateType: 'account',
    aggregateId: randomUUID(),
    expectedVersion: 0,
    events: [{ eventType: 'account.opened', tags: ['account:1'], payload: {} }],
  });
  return events[0]?.globalPosition as string;
};
const open = ({ url }: TemporaryServer): Promise<DataSource> =>
  createDataSource('test', { DATABASE_URL: url }).initialize();
/** Takes more positions than the sequence has written ahead, and does not commit. */
const passPositions = async (dataSource: DataSource): Promise<void> => {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(
      `select pg_current_xact_id(), nextval('events_global_position_seq') from generate_series(1, 100)`,
    );
    await runner.rollbackTransaction();
  } finally {
    await runner.release();
  }
};

/** Ways to lose what is not flushed; the postmaster goes with it, or stays. */
const CRASHES = {
  'with its postmaster': async (server: TemporaryServer) => {
    await server.halt('immediate');
    await server.resume();
  },
  'as one backend was killed': async (_: TemporaryServer, dataSource: DataSource) => {
    const [{ pid }] = await dataSource.query('select pg_backend_pid() as pid');
    process.kill(pid, 'SIGKILL');
    const isUp = () =>
      dataSource.query('select 1').then(
        () => true,
        () => false,
      );
    while (await isUp()) await new Promise((resolve) => setTimeout(resolve, 10));
    while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50));
  },
} as const;

describe('a log whose server crashed', () => {
  it.each(Object.keys(CRASHES) as (keyof typeof CRASHES)[])(
    '%s loses nothing to a reader that had passed positions which are given out again',
    async (way) => {
      // So that the end of what was rolled back is not on disk.
      await using server = await openTemporaryServer({ settings: { wal_writer_delay: 10_000 } });
      const dataSource = await open(server);
      try {
        await migrate(dataSource);
        const first = await append(dataSource.manager);
        await passPositions(dataSource);
        const watermark = createLogWatermark();
        const { cursor, events } = await readLog(dataSource, { watermark });
        expect(events).toHaveLength(1);
        const { position } = watermark.settled;
        expect(position).toBe(String(Number(first) + 100));
        await CRASHES[way](server, dataSource);

        const slow = dataSource.createQueryRunner();
        await slow.startTransaction();
        const second = await append(slow.manager);
        const third = await append(dataSource.manager);
        // The fault is real.
        expect(Number(third)).toBeLessThan(Number(position));
        const stretch = await readLog(dataSource, { after: cursor, watermark });
        expect(stretch.events).toEqual([]);
        await slow.commitTransaction();
        await slow.release();
        const next = await readLog(dataSource, { after: stretch.cursor, watermark });
        expect(next.events.map(({ globalPosition }) => globalPosition)).toEqual([second, third]);
      } finally {
        await dataSource.destroy();
      }
    },
  );
});

describe('a log with a prepared transaction', () => {
  it('waits for it, also over a restart of the server', async () => {
    await using server = await openTemporaryServer({ settings: { max_prepared_transactions: 1 } });
    let dataSource = await open(server);
    try {
      await migrate(dataSource);
      const runner = dataSource.createQueryRunner();
      await runner.query('begin');
      const first = await append(runner.manager);
      await runner.query(`prepare transaction 'slow'`);
      await runner.release();
      const second = await append(dataSource.manager);
      const { cursor, events } = await readLog(dataSource);
      expect(events).toEqual([]);
      await dataSource.destroy();
      await server.halt();
      await server.resume();
      dataSource = await open(server);
      await expect(readLog(dataSource, { after: cursor })).resolves.toMatchObject({
        events: [],
        heldBackBy: expect.any(String),
      });
      await dataSource.query(`commit prepared 'slow'`);
      const stretch = await readLog(dataSource, { after: cursor });
      expect(stretch.events.map(({ globalPosition }) => globalPosition)).toEqual([first, second]);
    } finally {
      await dataSource.destroy();
    }
  });
});

describe('a log that was restored to an earlier state', () => {
  it('is not read on from an event that it has not got', async () => {
    const database = await openDatabase();
    const { dataSource } = database;
    try {
      const first = await append(dataSource.manager);
      for (let n = 0; n < 40; n++) await append(dataSource.manager);
      const { cursor } = await readLog(dataSource);
      await dataSource.query('delete from events where global_position > $1', [first]);
      await dataSource.query(`select setval('events_global_position_seq', $1)`, [first]);
      const rewound = { code: 'HOLDFAST_LOG_REWOUND', position: String(Number(first) + 40) };
      await expect(readLog(dataSource, { after: cursor })).rejects.toMatchObject(rewound);
      // Later another event stands at the position.
      for (let n = 0; n < 45; n++) await append(dataSource.manager);
      await expect(readLog(dataSource, { after: cursor })).rejects.toMatchObject(rewound);
      const { events } = await readLog(dataSource, { watermark: createLogWatermark() });
      expect(events).toHaveLength(46);
    } finally {
      await database.close();
    }
  });
});

describe('a log on a standby', () => {
  it('is not read, since the sequence is ahead there of the positions that were given out', async () => {
    await using primary = await openTemporaryServer();
    const dataSource = await open(primary);
    try {
      await migrate(dataSource);
      await using replica = await openReplica(primary);
      let position = '0';
      // What the server writes ahead for the sequence is enough for 32 positions.
      for (let n = 0; n < 40; n++) position = await append(dataSource.manager);
      await replica.waitForReplay();
      const standby = await open(replica);
      try {
        const [{ ahead }] = await standby.query(
          `select pg_sequence_last_value('events_global_position_seq') > $1 as ahead`,
          [position],
        );
        expect(ahead).toBe(true);
        await expect(readLog(standby)).rejects.toMatchObject({
          code: 'HOLDFAST_LOG_UNSAFE',
          reason: 'standby',
        });
      } finally {
        await standby.destroy();
      }
    } finally {
      await dataSource.destroy();
    }
  });
});

describe('a log whose sequence has a cache', () => {
  it('is not read, since a session may use positions that were passed', async () => {
    const database = await openDatabase();
    const { dataSource } = database;
    try {
      await append(dataSource.manager);
      await dataSource.query('alter sequence events_global_position_seq cache 20');
      const unsafe = { code: 'HOLDFAST_LOG_UNSAFE', reason: 'sequence-cache' };
      await expect(readLog(dataSource)).rejects.toMatchObject(unsafe);
      await expect(readByQuery(dataSource.manager, [{ tags: ['account:1'] }])).rejects.toMatchObject(unsafe);
    } finally {
      await database.close();
    }
  });
});
