import { findSourceMap } from 'node:module';
import { dirname, join, sep } from 'node:path';

/** A place in the program. V8 renders the stack when it is read, and not before. */
export interface CallSite {
  readonly stack?: string;
}

/** Notes who has called `above`, so many frames of it: each costs time. */
export function noteCallSite(above: (...args: never[]) => unknown, frames: number): CallSite {
  const site: CallSite = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = frames;
  Error.captureStackTrace(site, above);
  Error.stackTraceLimit = stackTraceLimit;
  return site;
}

/** So many frames of the program are told: who asked, and whom he was asked by. */
const FRAMES = 5;

/** What runs between the program and its connection: this package, and the policies around a unit of work. */
const OWN = [join(__dirname, '..'), dirname(require.resolve('@holdfast/resilience'))].map(
  (folder) => `${folder}${sep}`,
);
const RUNTIME = /^$|^node:/;
const LIBRARY = /[\\/]node_modules[\\/]/;
const DRIVER = /[\\/]node_modules[\\/](?:typeorm|pg|pg-[\w-]+|@holdfast[\\/][\w-]+)[\\/]/;
const LINE = /^ +at (.*?\(?((?:[A-Za-z]:[\\/])?[^()]*?):\d+:\d+\)?)$/;

/**
 * Renders where in the program something was called, the nearest frame first: those frames that are neither of a library
 * nor of this package. Where there are none, as in a bundle, the nearest of all.
 */
export function renderSite(site: CallSite | undefined): string {
  if (site === undefined) return '';
  return selectFrames(readFrames(site))
    .map(({ text }) => `    at ${text}`)
    .join('\n');
}

/** Reads where in the program an error came from: one frame, and nothing of the message; undefined if that is not known. */
export function readOrigin(error: Error): string | undefined {
  const frames = readFrames(error);
  const [nearest] = selectFrames(frames.length > 0 ? frames : parseFrames(error));
  return nearest?.text;
}

interface Frame {
  /** Empty where there is none. */
  readonly file: string;
  readonly text: string;
}

function selectFrames(frames: readonly Frame[]): readonly Frame[] {
  const outside = frames.filter(
    ({ file }) => !RUNTIME.test(file) && !OWN.some((folder) => file.includes(folder)),
  );
  const choices = [
    outside.filter(({ file }) => !LIBRARY.test(file)),
    outside.filter(({ file }) => !DRIVER.test(file)),
    frames,
  ];
  return (choices.find(({ length }) => length > 0) ?? []).slice(0, FRAMES);
}

/**
 * Reads the frames of a stack that nobody has read yet; else none. Its text would name the sources of TypeORM, which
 * publishes maps to them, as if they lay in the folder of the program.
 */
function readFrames(holder: CallSite): readonly Frame[] {
  const { prepareStackTrace } = Error;
  let frames: readonly Frame[] = [];
  Error.prepareStackTrace = (error, sites) => {
    frames = sites.map((site) => ({ file: site.getFileName() ?? '', text: renderFrame(site) }));
    // Whoever reads the stack later gets what he would have got.
    return prepareStackTrace?.(error, sites) ?? [error, ...sites].map(String).join('\n    at ');
  };
  try {
    void holder.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  return frames;
}

/** As V8 renders it, in terms of the source where Node has been told to map it. */
function renderFrame(site: NodeJS.CallSite): string {
  const file = site.getFileName() ?? '';
  const [line, column] = [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0];
  const source = findSourceMap(file)?.findEntry(line - 1, column - 1);
  if (source === undefined || !('originalSource' in source)) return String(site);
  const { originalSource, originalLine, originalColumn } = source;
  const place = `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
  return String(site).replace(`${file}:${line}:${column}`, () => place);
}

/** Reads the frames out of the text of a stack, past the message, whose lines may look like frames. */
function parseFrames({ stack = '', message }: Error): readonly Frame[] {
  const told = message === '' ? '' : `: ${message}`;
  const at = stack.indexOf(told);
  if (at === -1 || stack.slice(0, at).includes('\n')) return [];
  const [rest, ...lines] = stack.slice(at + told.length).split('\n');
  // Where there is no message, this is the name.
  if (rest !== '' && message !== '') return [];
  return lines.flatMap((line) => {
    const [, text, file] = LINE.exec(line) ?? [];
    return text === undefined || file === undefined ? [] : [{ text, file: file.replace(/^async /, '') }];
  });
}
