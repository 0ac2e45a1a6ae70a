import type { Writable } from 'node:stream';
import type { Logger } from '@holdfast/observability';
import { type Links, renderLinks } from './links';

/** Tells how a start goes on. */
export interface Announcer {
  /** A line that stays. */
  say(line: string): void;
  /** A line that the next one replaces; nothing where lines cannot be replaced. */
  progress(line: string): void;
  /** @param developmentKey is shown to people, and told to no log. */
  ready(links: Links, developmentKey?: string): void;
}

/** Where text goes: `isTTY` is set if it is a terminal. */
export type TextStream = Writable & { readonly isTTY?: boolean };

const CLEAR_LINE = '\r\u001b[2K';

/** Tells people. */
export function createTextAnnouncer(stream: TextStream): Announcer {
  const isTerminal = stream.isTTY === true;
  let replaceable = false;
  const write = (line: string, isProgress: boolean) => {
    stream.write(`${replaceable ? CLEAR_LINE : ''}${line}${isProgress ? '' : '\n'}`);
    replaceable = isProgress;
  };
  return {
    say: (line) => write(line, false),
    progress: (line) => {
      if (isTerminal) write(line, true);
    },
    ready: (links, developmentKey) => write(`\n${renderLinks(links, developmentKey)}\n`, false),
  };
}

/** Tells programs, in the lines of a log. */
export function createLogAnnouncer(logger: Logger): Announcer {
  return {
    say: (line) => logger.info(line.trim()),
    progress: () => undefined,
    ready: (links) => logger.info('Ready', { ...links }),
  };
}
