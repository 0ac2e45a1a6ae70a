import { newId } from '../new-id';
import { InvalidCursorError } from '../repositories/keyset';
import { type OpenTenants, openTenants } from '../test/open-tenants';
import { LogHiddenError, type LogPageRequest, readLogEnd, readLogPage, renderEventCursor } from './log-page';
import { LogRewoundError, readLog } from './read-log';
import { watermarkOf } from './watermarks';

describe('readLogPage', () => {
  let tenants: OpenTenants;

  beforeEach(async () => {
    tenants = await openTenants();
  });

  afterEach(() => tenants.close());

  const write = async (count: number, organizationId: string | null = null): Promise<string[]> => {
    const rows: { id: string }[] = await tenants.dataSource.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
       select 'order', $1, n, gen_random_uuid(), 'x', now(), $3, '{}' from generate_series(1, $2::integer) n
       order by n returning id`,
      [newId(), count, organizationId],
    );
    return rows.map(({ id }) => id);
  };
  /** An event that is in flight until it is committed. */
  const beginWrite = async (organizationId: string) => {
    const runner = tenants.dataSource.createQueryRunner();
    await runner.startTransaction();
    const [{ id }] = await runner.query(
      `insert into events (aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, payload)
       values ('order', $1, 1, gen_random_uuid(), 'x', now(), $2, '{}') returning id`,
      [newId(), organizationId],
    );
    return {
      id: id as string,
      commit: () => runner.commitTransaction(),
      [Symbol.asyncDispose]: () => runner.release(),
    };
  };
  type Reader = (request: LogPageRequest) => ReturnType<typeof readLogPage>;
  const asOwner: Reader = (request) => readLogPage(tenants.dataSource.manager, request);
  const asOne: Reader = (request) => tenants.as(tenants.one, (manager) => readLogPage(manager, request));
  const asOther: Reader = (request) => tenants.as(tenants.other, (manager) => readLogPage(manager, request));
  const readToEnd = async (read: Reader, after?: string) => {
    const ids: string[] = [];
    for (let page = await read({ after, limit: 7 }); ; page = await read({ after: page.cursor, limit: 7 })) {
      ids.push(...page.events.map(({ id }) => id));
      if (page.isAtEnd) return { ids, cursor: page.cursor };
    }
  };

  it('shows a tenant its own events and no others, all of them, and an owner everything', async () => {
    const { one, other } = tenants;
    const [mine, theirs, nobodys] = [
      await write(20, one.organizationId),
      await write(20, other.organizationId),
      await write(5),
    ];
    mine.push(...(await write(3, one.organizationId)));
    expect((await readToEnd(asOne)).ids).toEqual(mine);
    expect((await readToEnd(asOther)).ids).toEqual(theirs);
    expect((await readToEnd(asOwner)).ids).toHaveLength(mine.length + theirs.length + nobodys.length);
  });

  it('does not look again at what it has scanned, but where the cursor is used by another tenant', async () => {
    const { one, other } = tenants;
    await write(3, one.organizationId);
    const theirs = await write(30_000, other.organizationId);
    const { cursor } = await readToEnd(asOne);
    const mine = await write(1, one.organizationId);
    expect((await readToEnd(asOne, cursor)).ids).toEqual(mine);
    const [place, scanned] = [2, 4].map(
      (at) => JSON.parse(Buffer.from(cursor, 'base64url').toString())[at - 1],
    );
    expect(Number(scanned)).toBeGreaterThan(Number(place) + 29_000);
    expect((await readToEnd(asOther, cursor)).ids).toEqual(theirs);
  });

  it('ends a page whose events are far between, with a place to read on from', async () => {
    const { one, other } = tenants;
    await write(120_000, other.organizationId);
    const [mine] = await write(1, one.organizationId);
    const first = await asOne({});
    expect(first).toMatchObject({ events: [], isAtEnd: false });
    expect(await asOne({ after: first.cursor })).toMatchObject({ events: [{ id: mine }], isAtEnd: true });
  });

  it('takes a key that is revoked for nobody, not for a log without events', async () => {
    const { one } = tenants;
    const { cursor } = await readToEnd(asOne);
    await tenants.dataSource.query(`update api_keys set status = 'revoked' where key_hash = $1`, [
      one.keyHash,
    ]);
    await write(1, one.organizationId);
    await expect(asOne({ after: cursor })).rejects.toThrow(LogHiddenError);
    await expect(tenants.as(undefined, (manager) => readLogPage(manager))).rejects.toThrow(LogHiddenError);
  });

  it('does not pass an event of its tenant that is not committed yet', async () => {
    const { one } = tenants;
    await using late = await beginWrite(one.organizationId);
    const early = await write(2, one.organizationId);
    const before = await readToEnd(asOne);
    expect(before.ids).toEqual([]);
    await late.commit();
    expect((await readToEnd(asOne, before.cursor)).ids).toEqual([late.id, ...early]);
  });

  it('passes nothing by a reading that another run of the server has made', async () => {
    const { manager } = tenants.dataSource;
    const ids = await write(3);
    const reading = await watermarkOf(tenants.dataSource).advance(manager);
    const earlier = { ...reading, settled: { ...reading.settled, serverRun: 'another' } };
    const page = await readLogPage(manager, { reading: earlier });
    expect(page).toMatchObject({ events: [], isAtEnd: true });
    expect((await readToEnd(asOwner, page.cursor)).ids).toEqual(ids);
  });

  it('takes a reading that is older than its cursor for no proof that the log was restored', async () => {
    await write(1);
    const { manager } = tenants.dataSource;
    const reading = await watermarkOf(tenants.dataSource).advance(manager);
    await write(2);
    const { cursor } = await readToEnd(asOwner);
    expect(await readLogPage(manager, { after: cursor, reading })).toMatchObject({ events: [] });
    const last = (await asOwner({})).events.at(-1);
    if (last === undefined) throw new Error('there are events');
    expect(await readLogPage(manager, { after: renderEventCursor(last), reading })).toMatchObject({
      events: [],
    });
  });

  it('says when the log was restored to an earlier state, be it shorter or another', async () => {
    await write(3);
    const [, second, third] = (await asOwner({})).events;
    if (second === undefined || third === undefined) throw new Error('there are events');
    await tenants.dataSource.query('truncate events restart identity');
    await expect(asOwner({ after: renderEventCursor(third) })).rejects.toThrow(LogRewoundError);
    await write(2);
    await expect(asOwner({ after: renderEventCursor(second) })).rejects.toThrow(LogRewoundError);
  });

  it('takes cursors of readLog, which takes those of events, and nothing else', async () => {
    await write(3);
    const { cursor } = await readLog(tenants.dataSource, { limit: 2 });
    expect((await asOwner({ after: cursor })).events).toHaveLength(1);
    const [first] = (await asOwner({})).events;
    if (first === undefined) throw new Error('there are events');
    expect((await readLog(tenants.dataSource, { after: renderEventCursor(first) })).events).toHaveLength(2);
    const scope = 'a'.repeat(16);
    for (const parts of [
      ['log'],
      ['log', '1', null, '2'],
      ['log', '1', null, '2', 'x'],
      ['log', '-1', null, '2', scope],
    ]) {
      const after = Buffer.from(JSON.stringify(parts)).toString('base64url');
      await expect(asOwner({ after })).rejects.toThrow(InvalidCursorError);
    }
  });

  describe('readLogEnd', () => {
    const readEnd = () => readLogEnd(tenants.dataSource.manager);
    const readEndAsOne = () => tenants.as(tenants.one, readLogEnd);
    /** As if the server had been started again meanwhile. */
    const inAnotherRun = (cursor: string | undefined): string => {
      const parts = JSON.parse(Buffer.from(String(cursor), 'base64url').toString());
      return Buffer.from(JSON.stringify([...parts.slice(0, 4), 'a'.repeat(16)])).toString('base64url');
    };

    it('has nothing behind it but what is committed from then on, for each tenant its own', async () => {
      const { one, other } = tenants;
      await write(20, one.organizationId);
      await write(20, other.organizationId);
      const [end, endOfOne] = [await readEnd(), await readEndAsOne()];
      expect(await readToEnd(asOwner, end.cursor)).toMatchObject({ ids: [] });
      const theirs = await write(2, other.organizationId);
      const mine = await write(3, one.organizationId);
      expect((await readToEnd(asOwner, end.cursor)).ids).toEqual([...theirs, ...mine]);
      expect((await readToEnd(asOne, endOfOne.cursor)).ids).toEqual(mine);
    });

    it('stands before what is in flight, however late that is committed', async () => {
      const { one } = tenants;
      await write(3, one.organizationId);
      await readEndAsOne();
      await using late = await beginWrite(one.organizationId);
      const early = await write(2, one.organizationId);
      const end = await readEndAsOne();
      expect(BigInt(end.position)).toBeLessThan(BigInt(end.last));
      await late.commit();
      expect((await readToEnd(asOne, end.cursor)).ids).toEqual([late.id, ...early]);
    });

    it('is not known before anything is settled, and is the start of an empty log', async () => {
      const empty = await readEnd();
      const runner = tenants.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        await runner.query('select pg_current_xact_id()');
        const written = await write(2);
        expect(await readEnd()).toMatchObject({ cursor: undefined, position: '0', last: '2' });
        await runner.commitTransaction();
        expect((await readToEnd(asOwner, empty.cursor)).ids).toEqual(written);
        expect((await readToEnd(asOwner, (await readEnd()).cursor)).ids).toEqual([]);
      } finally {
        await runner.release();
      }
    });

    it('is the same in another run of the server, where positions of nobody may be given out again', async () => {
      const { one, other } = tenants;
      await write(1, one.organizationId);
      await write(11_000, other.organizationId);
      // Nobody has the last position, and one without events has none within reach.
      await tenants.dataSource.query(`select nextval('events_global_position_seq')`);
      const [end, endOfOne] = [(await readEnd()).cursor, (await readEndAsOne()).cursor];
      await tenants.dataSource.query(
        `select setval('events_global_position_seq', (select max(global_position) from events))`,
      );
      const mine = await write(1, one.organizationId);
      expect((await readToEnd(asOne, inAnotherRun(endOfOne))).ids).toEqual(mine);
      expect((await readToEnd(asOwner, inAnotherRun(end))).ids).toEqual(mine);
      // Another reader may see what stands at the place of the first one.
      expect((await readToEnd(asOther, endOfOne)).ids).toHaveLength(9_999);
    });

    it('is hidden from nobody in particular', async () => {
      await expect(tenants.as(undefined, readLogEnd)).rejects.toThrow(LogHiddenError);
    });
  });
});
