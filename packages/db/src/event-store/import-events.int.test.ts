import { newId } from '../new-id';
import { EventRepository } from '../repositories/event.repository';
import { type OpenTenants, openTenants } from '../test/open-tenants';
import { appendEvents } from './append';
import { ImportRaceError, ImportRefusedError } from './import-errors';
import { type ImportedEvent, importEvents, wasImported } from './import-events';

describe('importEvents', () => {
  let tenants: OpenTenants;

  beforeAll(async () => {
    tenants = await openTenants();
  });

  afterAll(() => tenants?.close());

  const lineOf = (line: number, more: Partial<ImportedEvent> = {}): ImportedEvent => ({
    line,
    id: newId(),
    aggregateType: 'order',
    aggregateId: newId(),
    eventType: 'order.placed',
    idempotencyKey: `line ${line}`,
    payload: {},
    ...more,
  });
  const bringIn = (events: readonly ImportedEvent[]) =>
    tenants.dataSource.transaction('READ COMMITTED', (manager) => importEvents(manager, events));
  const readStream = (id: string) => new EventRepository(tenants.dataSource.manager).readStream('order', id);

  it('takes the lines of its tenant, and names those of others, with nothing of them written', async () => {
    const { one, other } = tenants;
    const lines = [
      lineOf(1, { organizationId: one.organizationId }),
      lineOf(2, { organizationId: other.organizationId }),
      lineOf(3),
      lineOf(4, { organizationId: one.organizationId }),
    ];
    expect(await tenants.as(one, (manager) => importEvents(manager, lines))).toEqual({
      appended: 2,
      repeated: 0,
      refused: [
        { line: 2, reason: 'not-permitted' },
        { line: 3, reason: 'not-permitted' },
      ],
    });
    expect(await tenants.as(one, (manager) => importEvents(manager, lines))).toMatchObject({ repeated: 2 });
    for (const [at, { aggregateId }] of lines.entries()) {
      expect(await readStream(aggregateId)).toHaveLength(at === 0 || at === 3 ? 1 : 0);
    }
    const all = await tenants.as(undefined, (manager) => importEvents(manager, lines));
    expect(all.refused).toHaveLength(4);
  });

  it('appends in the order of lines, whatever order they are given in', async () => {
    const aggregateId = newId();
    const lines = [3, 1, 2].map((line) => lineOf(line, { aggregateId, payload: { line } }));
    expect(await bringIn(lines)).toMatchObject({ appended: 3 });
    expect((await readStream(aggregateId)).map(({ payload }) => payload)).toEqual([
      { line: 1 },
      { line: 2 },
      { line: 3 },
    ]);
  });

  it('names lines whose keys were used for something else, whatever differs', async () => {
    const line = lineOf(1, { tags: ['a:1'], eventTimestamp: new Date(0) });
    await bringIn([line]);
    const others: Partial<ImportedEvent>[] = [
      { eventType: 'order.paid' },
      { payload: { other: true } },
      { tags: [] },
      { eventTimestamp: new Date(1) },
      { correlationId: newId() },
      { userId: tenants.one.userId },
      { organizationId: tenants.one.organizationId },
      { aggregateType: 'invoice' },
    ];
    for (const other of others) {
      expect(await bringIn([{ ...line, ...other, id: newId() }])).toEqual({
        appended: 0,
        repeated: 0,
        refused: [{ line: 1, reason: 'key-reused' }],
      });
    }
    expect(await bringIn([{ ...line, id: newId() }])).toMatchObject({ repeated: 1 });
  });

  it('meets a stream of another tenant, which it does not see, in a race that it cannot win', async () => {
    const { one, other } = tenants;
    const aggregateId = newId();
    await bringIn([lineOf(1, { aggregateId, organizationId: other.organizationId })]);
    const intruding = lineOf(2, { aggregateId, organizationId: one.organizationId });
    await expect(tenants.as(one, (manager) => importEvents(manager, [intruding]))).rejects.toThrow(
      ImportRaceError,
    );
    expect(await readStream(aggregateId)).toHaveLength(1);
  });

  it('holds off an append whose condition asks for what it writes, until it is committed', async () => {
    const runner = tenants.dataSource.createQueryRunner();
    try {
      await runner.startTransaction('READ COMMITTED');
      await importEvents(runner.manager, [lineOf(1, { tags: ['a:1'] })]);
      const [{ held }] = await tenants.dataSource.query(
        `select count(*)::int as held from pg_locks where locktype = 'advisory' and mode = 'ShareLock'
         and database = (select oid from pg_database where datname = current_database())`,
      );
      // One for the type, one for the tag.
      expect(held).toBe(2);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('loses to an append that took the place, and takes the next one when it is run again', async () => {
    const aggregateId = newId();
    const appending = tenants.dataSource.createQueryRunner();
    try {
      await appending.startTransaction();
      await appendEvents(appending.manager, {
        aggregateType: 'order',
        aggregateId,
        expectedVersion: 0,
        events: [{ eventType: 'order.placed', payload: {} }],
      });
      const importing = bringIn([lineOf(1, { aggregateId })]).catch((error: unknown) => error);
      for (;;) {
        const [{ waiting }] = await tenants.dataSource.query(
          `select count(*)::int as waiting from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if (waiting > 0) break;
      }
      await appending.commitTransaction();
      expect(await importing).toBeInstanceOf(ImportRaceError);
    } finally {
      await appending.release();
    }
    expect(await bringIn([lineOf(1, { aggregateId })])).toMatchObject({ appended: 1 });
    expect((await readStream(aggregateId)).map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 2]);
  });

  /** A text that does not become short when it is compressed. */
  const noise = (length: number) =>
    Array.from({ length }, (_, at) =>
      String.fromCharCode(33 + (((at * at * 7 + at * 13) % 9_973) % 90)),
    ).join('');

  it.each([
    ['by COPY', { payload: { text: 'a\0b' } }, '22P05'],
    ['by the insert', { aggregateType: noise(20_000) }, '54000'],
  ])('fails as a whole when one is refused %s, without its values', async (_, fault, sqlstate) => {
    const good = lineOf(1);
    const error = await bringIn([good, lineOf(2, fault)]).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ImportRefusedError);
    expect(error).toMatchObject({ sqlstate });
    expect(await readStream(good.aggregateId)).toEqual([]);
  });

  it('tells whether a transaction was committed', async () => {
    const events = [lineOf(1), lineOf(2)];
    const { manager } = tenants.dataSource;
    expect(await wasImported(manager, events)).toBe(false);
    await bringIn(events);
    expect(await wasImported(manager, events)).toBe(true);
    expect(await wasImported(manager, [lineOf(1)])).toBe(false);
  });
});
