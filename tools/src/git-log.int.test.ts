import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createDataSource, type Event, runEventWorker } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { Credentials } from './service/authorization';
import { openServiceProcess, type ServiceProcess } from './service/service-process';
import { openScratchFolder } from './test/scratch-folder';

const EXPORT = resolve(__dirname, '..', '..', 'examples', 'git-log', 'export.mjs');
const AUTHORS = ['ada@example.com', 'grace@example.com', 'ünal@example.com'];

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly items: any[];
  readonly nextCursor?: string | null;
  readonly after?: string;
  readonly isAtEnd?: boolean;
}

/** A history with branches, merges, deletions, odd names and commits that change nothing. */
function makeHistory(folder: string): void {
  let commits = 0;
  const git = (...args: string[]) => {
    const author = AUTHORS[commits % AUTHORS.length] as string;
    const date = new Date(Date.UTC(2020, 0, 1 + commits)).toISOString();
    const who = { GIT_AUTHOR_NAME: author.slice(0, 3), GIT_AUTHOR_EMAIL: author, GIT_AUTHOR_DATE: date };
    const committer = {
      GIT_COMMITTER_NAME: 'c',
      GIT_COMMITTER_EMAIL: 'c@example.com',
      GIT_COMMITTER_DATE: date,
    };
    const env = { PATH: process.env.PATH, HOME: folder, ...who, ...committer };
    execFileSync('git', ['-C', folder, '-c', 'core.quotePath=false', ...args], { env, stdio: 'pipe' });
  };
  const commit = (message: string, ...more: string[]) => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', message, ...more);
    commits += 1;
  };
  git('init', '--quiet', '--initial-branch', 'main');
  for (let at = 0; at < 20; at += 1) {
    writeFileSync(join(folder, `file ${at % 7}`), String(at));
    writeFileSync(join(folder, 'ünïcode\nand a "newline"'), String(at));
    commit(at % 5 === 0 ? `subject ${at}\n\nA body\x1f with \\ odd "characters" 😀` : `subject ${at}`);
  }
  git('checkout', '--quiet', '-b', 'side');
  git('rm', '--quiet', 'file 3');
  commit('delete a file');
  git('checkout', '--quiet', 'main');
  commit('change nothing');
  git('merge', '--quiet', '--no-edit', 'side');
}

describe('the history of a repository as events', () => {
  const folder = openScratchFolder();
  let database: TestDatabase;
  let service: ServiceProcess;
  let headers: Credentials['headers'];
  /** What the export has written. */
  let lines: string;
  let commits: { readonly sha: string; readonly author: string; readonly at: string }[];

  beforeAll(async () => {
    makeHistory(folder.path);
    lines = execFileSync(process.execPath, [EXPORT, folder.path], { encoding: 'utf8' });
    const format = '--format=%H%x00%ae%x00%cI';
    commits = execFileSync('git', ['-C', folder.path, 'log', '--reverse', '--topo-order', format], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n')
      .map((line) => {
        const [sha = '', author = '', at = ''] = line.split('\0');
        return { sha, author, at: new Date(at).toISOString() };
      });
    database = await openTestDatabase();
    service = await openServiceProcess(database.url);
    ({ headers } = service.credentials);
  });

  afterAll(async () => {
    await service?.stop();
    await database?.drop();
    folder[Symbol.dispose]();
  });

  const get = async (path: string): Promise<Answer> => {
    const response = await fetch(`${service.address}/v1${path}`, { headers });
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  };
  const readPages = async (path: string): Promise<Answer['items']> => {
    const items: Answer['items'] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Answer = await get(`${path}&limit=7${cursor && `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.nextCursor ?? null;
    }
    return items;
  };
  const send = async () => {
    const response = await fetch(`${service.address}/v1/events/import`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      body: gzipSync(lines),
    });
    return JSON.parse(await response.text());
  };
  /** Each time a path was changed, as git knows it. */
  const readChanges = () =>
    execFileSync('git', ['-C', folder.path, 'log', '--format=', '--name-status', '--no-renames', '-z'], {
      encoding: 'utf8',
    })
      .split('\0')
      .filter((token) => token !== '' && !/^\n?[AMD]$/.test(token));

  it('is imported once, followed as it comes, and found in every way', async () => {
    const following = followAll(
      `${service.address}/v1/events/tail`,
      headers,
      lines.trim().split('\n').length,
    );
    const count = lines.trim().split('\n').length;
    const paths = readChanges();
    expect(count).toBe(2 * commits.length + paths.length);
    expect(await send()).toEqual({ summary: { appended: count, repeated: 0, reported: 0, complete: true } });
    expect(await send()).toEqual({ summary: { appended: 0, repeated: count, reported: 0, complete: true } });

    const order = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const keyOf = ({ aggregateId, idempotencyKey }: Event) => `${aggregateId} ${idempotencyKey}`;
    const log: Event[] = [];
    for (let query = '?limit=10', isAtEnd = false; !isAtEnd; ) {
      const page: Answer = await get(`/log${query}`);
      log.push(...page.items);
      query = `?limit=10&after=${page.after}`;
      isAtEnd = page.isAtEnd === true;
    }
    expect(log.map(keyOf)).toEqual(order.map(keyOf));
    expect((await following).map(keyOf)).toEqual(order.map(keyOf));

    const created = log.filter(({ eventType }) => eventType === 'commit.created');
    expect(created.map(({ payload, eventTimestamp }) => [payload.sha, eventTimestamp])).toEqual(
      commits.map(({ sha, at }) => [sha, at]),
    );
    expect((await readPages('/events?type=commit.created')).map(({ payload }) => payload.sha).sort()).toEqual(
      commits.map(({ sha }) => sha).sort(),
    );
    for (const author of AUTHORS) {
      const own = commits.filter((commit) => commit.author === author).map(({ sha }) => sha);
      const stream = order.find(
        ({ eventType, tags }) => eventType === 'author.committed' && tags.includes(`author:${author}`),
      );
      const { items } = await get(`/streams/author/${stream.aggregateId}`);
      expect(items.map(({ payload }) => payload.sha)).toEqual(own);
      expect(items.map(({ aggregateVersion }) => aggregateVersion)).toEqual(own.map((_, at) => at + 1));
    }
    for (const path of new Set(paths)) {
      const times = paths.filter((other) => other === path).length;
      expect(await readPages(`/events?tag=${encodeURIComponent(`path:${path}`)}`)).toHaveLength(times);
    }
    for (const { sha } of commits) {
      const { correlationId } = created.find(({ payload }) => payload.sha === sha) ?? {};
      const ofCommit = order.filter(({ idempotencyKey }) => idempotencyKey === sha).length;
      expect((await get(`/events?correlationId=${correlationId}`)).items).toHaveLength(ofCommit);
      expect(await readPages(`/events?tag=commit:${sha}`)).toHaveLength(ofCommit);
    }
  });

  it('is worked through, each event once and each stream in its order', async () => {
    await send();
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: database.url }));
    const stopping = new AbortController();
    const handled = new Map<string, number[]>();
    const count = lines.trim().split('\n').length;
    let seen = 0;
    const handle = async ({ aggregateId, aggregateVersion }: Event) => {
      handled.set(aggregateId, [...(handled.get(aggregateId) ?? []), aggregateVersion]);
      seen += 1;
      if (seen === count) stopping.abort();
    };
    const types = [
      ...new Set(
        lines
          .trim()
          .split('\n')
          .map((line) => String(JSON.parse(line).eventType)),
      ),
    ];
    try {
      const report = await runEventWorker(dataSource, {
        signal: stopping.signal,
        handlers: Object.fromEntries(types.map((type) => [type, handle])),
      });
      expect(report).toMatchObject({ done: count, failed: 0 });
      for (const versions of handled.values()) expect(versions).toEqual(versions.map((_, at) => at + 1));
      expect(handled.size).toBe(
        new Set(
          lines
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line).aggregateId),
        ).size,
      );
    } finally {
      await closeDataSource(dataSource);
    }
  });
});

/** What a tail shows until there were so many. */
async function followAll(url: string, headers: Credentials['headers'], count: number): Promise<Event[]> {
  const response = await fetch(url, { headers });
  const events: Event[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) events.push(JSON.parse(data));
    }
    if (events.length >= count) break;
  }
  return events;
}
