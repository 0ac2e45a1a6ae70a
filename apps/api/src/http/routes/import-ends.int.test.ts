import { randomUUID } from 'node:crypto';
import { createDataSource } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { readReport } from '../../test/import-client';
import { migrate } from '../../test/migrate';
import { beginImport } from '../../test/send-in-parts';
import { openService, openServiceOnTestDatabase, type TestService } from '../../test/test-service';

const COUNT = 4_000;
const aggregateId = randomUUID();
const LINES = Array.from(
  { length: COUNT },
  (_, n) =>
    `${JSON.stringify({ aggregateType: 'order', aggregateId, eventType: 'order.placed', payload: { n } })}\n`,
);

/** The lines that a report speaks of. */
const linesOf = ({ reported }: ReturnType<typeof readReport>) =>
  reported.flatMap(({ line, toLine }) =>
    Array.from({ length: (toLine === null ? COUNT : (toLine ?? line)) - line + 1 }, (_, at) => line + at),
  );

async function waitForFirst(service: TestService): Promise<void> {
  for (;;) {
    const { body } = await service.get(`/v1/streams/order/${aggregateId}?limit=1`);
    if (body.items.length > 0) return;
  }
}

async function readNumbers(databaseUrl: string): Promise<number[]> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: databaseUrl }));
  try {
    const rows = await dataSource.query(
      `select (payload ->> 'n')::int as n from events where aggregate_id = $1 order by aggregate_version`,
      [aggregateId],
    );
    return rows.map(({ n }: { n: number }) => n);
  } finally {
    await closeDataSource(dataSource);
  }
}

describe('an import that ends early', () => {
  it('has each line in or in its report when the server stops, and is completed by sending it again', async () => {
    const server = await openTemporaryServer();
    try {
      await migrate(server.url);
      const service = await openService(server.url, { DATABASE_POOL_ACQUIRE_MS: '500' });
      try {
        const key = { 'idempotency-key': randomUUID() };
        const first = beginImport(service.url, key);
        first.write(LINES.slice(0, 2_500).join(''));
        await waitForFirst(service);
        await server.halt('immediate');
        first.write(LINES.slice(2_500).join(''));
        first.end();
        const { status, text } = await first.answer;
        expect(status).toBe(200);
        const report = readReport(text);
        expect(report.summary.complete).toBe(false);
        await server.resume();
        const written = await readNumbers(server.url);
        const unknown = new Set(
          report.reported.filter(({ reason }) => reason === 'outcome-unknown').map(({ line }) => line),
        );
        const spoken = linesOf(report);
        expect(new Set(spoken).size).toBe(spoken.length);
        const isReported = new Set(spoken);
        for (let line = 1; line <= COUNT; line += 1) {
          if (unknown.has(line)) continue;
          expect({ line, isIn: written.includes(line - 1) }).toEqual({ line, isIn: !isReported.has(line) });
        }

        for (let isDone = false; !isDone; ) {
          const again = beginImport(service.url, key);
          again.write(LINES.join(''));
          again.end();
          const { status, text } = await again.answer;
          isDone = status === 200 && readReport(text).summary.complete;
        }
        expect(await readNumbers(server.url)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
      } finally {
        await service.close();
      }
    } finally {
      await server.stop();
    }
  }, 90_000);

  it('tells how far it came when the service goes down, and does not wait for the rest', async () => {
    const service = await openServiceOnTestDatabase();
    const other = await openService(service.database.url, { SHUTDOWN_TIMEOUT_MS: '60000' });
    try {
      const running = beginImport(other.url, { 'idempotency-key': randomUUID() });
      running.write(LINES.slice(0, 2_500).join(''));
      await waitForFirst(other);
      await other.close();
      const report = readReport((await running.answer).text);
      expect(report.summary.complete).toBe(false);
      expect(report.reported).toMatchObject([{ toLine: null, reason: 'not-read' }]);
      const written = await readNumbers(service.database.url);
      expect(written).toEqual(Array.from({ length: (report.reported[0]?.line ?? 0) - 1 }, (_, n) => n));
      expect(other.readLog().find(({ message }) => message === 'Service has shut down')).toMatchObject({
        cut: 0,
      });
    } finally {
      await other.close();
      await service.close();
    }
  });
});
