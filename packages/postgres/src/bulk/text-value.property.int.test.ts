import fc from 'fast-check';
import { openTestServer, type TestServer } from '../test/test-server';
import { renderArray } from './text-value';

/** What JSON and array literals write in ways of their own. */
const treacherous = fc.string({
  unit: fc.constantFrom('\\', '"', '\n', '\t', '\u0001', '\u001f', '\u007f', ...',{} Nuln'),
  maxLength: 6,
});
/** A text has no NUL, and half of a pair of surrogates is sent as U+FFFD. */
const text = fc
  .oneof(treacherous, fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('NULL', 'null', '\ud800'))
  .filter((one) => !one.includes('\0'));

describe('an array literal', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openTestServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  it('is read by the server as the texts that it was made of', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text, { freq: 4 }), { maxLength: 8 }), async (texts) => {
        const { rows } = await server.admin.query('SELECT $1::text[] AS texts', [renderArray(texts)]);
        const sent = texts.map((one) => one && Buffer.from(one).toString());
        expect(rows).toEqual([{ texts: sent }]);
      }),
      { numRuns: 1_000 },
    );
  });
});
