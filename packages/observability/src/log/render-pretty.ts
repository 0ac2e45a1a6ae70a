import { styleText } from 'node:util';
import type { LogLevel } from './logger';

type Colour = 'gray' | 'green' | 'yellow' | 'red';
const COLOUR: Readonly<Record<LogLevel, Colour>> = Object.freeze({
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
});

/** A line for a developer's terminal: time of day, level, message, then the fields as `name=value`. */
export function renderPretty(line: Readonly<Record<string, unknown>>, coloured: boolean): string {
  const { timestamp, level, message, service: _service, ...fields } = line;
  const name = String(level).toUpperCase().padEnd(5);
  const shownLevel = coloured ? styleText(COLOUR[level as LogLevel], name) : name;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => ` ${field}=${renderField(value)}`);
  return `${String(timestamp).slice(11, 23)} ${shownLevel} ${String(message)}${rest.join('')}`;
}

function renderField(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
