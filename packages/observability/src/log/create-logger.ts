import type { Writable } from 'node:stream';
import winston from 'winston';
import { readRequestContext } from '../request-context';
import { describeValue } from './describe-value';
import { LOG_LEVELS, type LogFields, type LogFormat, type Logger, type LogLevel } from './logger';
import { renderPretty } from './render-pretty';
import { writeByTurn } from './write-by-turn';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `json`: one object a line, for machines. `pretty`: for a developer's terminal. */
  readonly format: LogFormat;
  /** Which process speaks; in every line. */
  readonly service: string;
  /** Default: standard output. */
  readonly stream?: Writable;
}

const MESSAGE = Symbol.for('message');
/** winston counts down from the most important. */
const LEVELS = Object.fromEntries(LOG_LEVELS.toReversed().map((level, at) => [level, at]));

/**
 * Makes a logger that writes one line per call: timestamp, level, message, service, the id of the running request, and
 * the fields. These five names are the logger's own; a field cannot replace them. What fields may show is decided by
 * `describeValue`; stacks are written at level debug only.
 */
export function createLogger({ level, format, service, stream }: LoggerOptions): Logger {
  const withStack = level === 'debug';
  const target = stream ?? process.stdout;
  const coloured = 'isTTY' in target && target.isTTY === true;
  const render = winston.format((info) => {
    const { level, message, fields } = info as unknown as Entry;
    const line = readLine(level, message, service, fields, withStack);
    info[MESSAGE] = format === 'json' ? JSON.stringify(line) : renderPretty(line, coloured);
    return info;
  });
  const lines = winston.createLogger({
    level,
    levels: LEVELS,
    format: render(),
    transports: [new winston.transports.Stream({ stream: stream ?? standardOutput(), eol: '\n' })],
  });
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    lines.log({ level, message, fields } satisfies Entry);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

let buffered: Writable | undefined;

/** One for all loggers of the process, so that their lines stay in order. */
function standardOutput(): Writable {
  buffered ??= writeByTurn(process.stdout);
  return buffered;
}

/** Fields travel apart from winston's own keys, which would otherwise mix with them. */
interface Entry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

function readLine(
  level: LogLevel,
  message: string,
  service: string,
  fields: LogFields | undefined,
  withStack: boolean,
): Record<string, unknown> {
  const line: Record<string, unknown> = { timestamp: new Date().toISOString(), level, message, service };
  const context = readRequestContext();
  if (context !== undefined) line.requestId = context.requestId;
  if (fields === undefined) return line;
  const described = describeValue(fields, withStack) as Record<string, unknown>;
  for (const [name, value] of Object.entries(described)) {
    if (!Object.hasOwn(line, name)) line[name] = value;
  }
  return line;
}
