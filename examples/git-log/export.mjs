#!/usr/bin/env node
// Writes the history of a git repository as events, one a line: node export.mjs <repository> [revision]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';

const FIELDS = ['%H', '%P', '%an', '%ae', '%cI', '%s'];
const STATUS = /^\n?([AMDT])$/;
const FILE_EVENTS = { A: 'file.added', M: 'file.modified', D: 'file.deleted', T: 'file.retyped' };
/** Of a tag of an event. */
const LONGEST_TAG = 200;

const [repository, revision = 'HEAD'] = process.argv.slice(2);
if (repository === undefined) {
  process.stderr.write('usage: node export.mjs <repository> [revision]\n');
  process.exit(2);
}

for await (const commit of readCommits(repository, revision)) {
  const lines = eventsOf(commit).map((event) => `${JSON.stringify(event)}\n`);
  if (!process.stdout.write(lines.join(''))) await once(process.stdout, 'drain');
}

/** Commits, parents before their children. */
async function* readCommits(folder, from) {
  const format = `--format=${FIELDS.join('%x00')}%x00`;
  const args = [
    '-C',
    folder,
    'log',
    '--reverse',
    '--topo-order',
    '--no-renames',
    '--name-status',
    '-z',
    format,
    from,
  ];
  const git = spawn('git', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(git, 'close');
  let fields = [];
  let files = [];
  let status;
  // Nothing that git writes holds NUL, so that it parts whatever a message or a name may hold.
  for await (const token of readTokens(git.stdout)) {
    if (fields.length < FIELDS.length) fields.push(token);
    else if (status !== undefined) {
      files.push({ path: token, eventType: FILE_EVENTS[status] });
      status = undefined;
    } else if (STATUS.test(token)) [, status] = STATUS.exec(token);
    else if (token !== '') {
      yield { fields, files };
      fields = [token];
      files = [];
    }
  }
  if (fields.length === FIELDS.length) yield { fields, files };
  const [code] = await closed;
  if (code !== 0) process.exitCode = 1;
}

async function* readTokens(stream) {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const tokens = (rest + chunk).split('\0');
    rest = tokens.pop();
    yield* tokens;
  }
}

/** What one commit is to the streams of itself, its author and the files that it changed. */
function eventsOf({ fields, files }) {
  const [sha, parents, author, email, committedAt, subject] = fields;
  const tags = [`commit:${sha}`, `author:${email}`].filter((tag) => tag.length <= LONGEST_TAG);
  const common = {
    // Sent again, with whatever key of the request, it is known.
    idempotencyKey: sha,
    correlationId: idOf('commit', sha),
    eventTimestamp: new Date(committedAt).toISOString(),
  };
  return [
    {
      aggregateType: 'commit',
      aggregateId: idOf('commit', sha),
      eventType: 'commit.created',
      tags,
      payload: {
        sha,
        parents: parents === '' ? [] : parents.split(' '),
        author,
        subject,
        files: files.length,
      },
      ...common,
    },
    {
      aggregateType: 'author',
      aggregateId: idOf('author', email),
      eventType: 'author.committed',
      tags,
      payload: { sha },
      ...common,
    },
    ...files.map(({ path, eventType }) => ({
      aggregateType: 'file',
      aggregateId: idOf('file', path),
      eventType,
      tags: [...tags, `path:${path}`].filter((tag) => tag.length <= LONGEST_TAG),
      payload: { path, sha },
      ...common,
    })),
  ];
}

/** A UUID (version 8) for a name: the same one whenever it is asked for. */
function idOf(kind, name) {
  const bytes = createHash('sha256').update(`${kind}\0${name}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
