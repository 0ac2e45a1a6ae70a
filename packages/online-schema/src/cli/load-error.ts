import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's file with the DataSource could not be run to its end. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly code = 'HOLDFAST_DATA_SOURCE_NOT_LOADED';

  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be loaded: ${reason}`, options);
  }
}

/** The first line of what was thrown, and the place, as in `no such host (src/settings.js:12:9)`. */
export function renderThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return firstLine(String(thrown));
  const place = findPlace(thrown.stack ?? '');
  const text = firstLine(thrown.message || thrown.name);
  return place === undefined ? text : `${text} (${place})`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}

/** That of the project, where it is known: a library is told what to do by somebody. */
function findPlace(stack: string): string | undefined {
  // The first line of a syntax error is its place, with no column.
  const lines = stack.split('\n').filter((line, at) => at === 0 || /^\s*at /.test(line));
  const places = lines
    .map((line) => /(?:^|[\s(])((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^()]*?:\d+(?::\d+)?)\)?$/.exec(line)?.[1])
    // Our own call, which ran the file, is where no reader has to look.
    .filter((place) => place !== undefined && !place.includes(__dirname));
  const place = places.find((one) => !one?.includes('node_modules')) ?? places[0];
  return place === undefined ? undefined : shorten(place);
}

function shorten(place: string): string {
  const [, file = place, position = ''] = /^(.*?)((?::\d+){1,2})$/.exec(place) ?? [];
  const path = file.startsWith('file://') ? fileURLToPath(file) : file;
  const near = relative(process.cwd(), path);
  return `${near.startsWith('..') ? path : near}${position}`;
}
