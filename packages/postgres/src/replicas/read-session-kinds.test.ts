import { createPostgresDataSource } from '../data-source/data-source';
import { rejection, settings } from '../test/settings';
import { createReadSession, withReadSession } from './read-session';
import { readSessionLsn } from './read-session-lsn';

const WRONG = [undefined, null, '16/B374D848', 5, {}, [], () => {}];

describe('a read session', () => {
  it.each([null, '16/B374D848', 5, [], { lns: '0/1' }])('is not made with %p for options', (options) => {
    expect(() => createReadSession(options as object)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        option: expect.stringMatching(/^createReadSession options?$/),
      }),
    );
  });

  it.each(WRONG)('is not %p', async (value) => {
    const refused = { code: 'INVALID_OPTION', option: 'session' };
    let runs = 0;
    expect(() => withReadSession(value as never, () => ++runs)).toThrow(expect.objectContaining(refused));
    expect(runs).toBe(0);
    const dataSource = createPostgresDataSource({
      url: 'postgres://app@127.0.0.1:1/app',
      pool: settings,
      applicationName: 'test',
      entities: [],
      migrations: [],
    });
    expect(await rejection(readSessionLsn(dataSource, value as never))).toMatchObject(refused);
  });

  it.each([undefined, null, 'SELECT 1', {}])('does not run %p for work', (work) => {
    expect(() => withReadSession(createReadSession(), work as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'work' }),
    );
  });

  it('has a position for no DataSource of another kind', async () => {
    expect(await rejection(readSessionLsn({} as never, createReadSession()))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'dataSource',
    });
  });
});
