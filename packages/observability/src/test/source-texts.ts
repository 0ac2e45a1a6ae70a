import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../../..');
/** What runs in the service, by the folders of its sources. */
const FOLDERS = [
  'apps/api',
  'packages/db',
  'packages/observability',
  'packages/postgres',
  'packages/resilience',
];

/**
 * A text that is written to a log, in a call after the logger and the level where it has them: a literal, a template, or
 * one of a constant table.
 */
const WRITTEN =
  /(?:\.(?:debug|info|warn|error)|\b(?:logLine|writeLine))\(\s*(?:[\w.#?]+,\s*)?(?:(?:'\w+'|\w+),\s*)?(?:'(?<text>[^'\n]+)'|`(?<template>[^`\n]+)`|[A-Z_]+\[)/g;
const LITERAL = /'([^'\n]+)'/g;

/** The sources of the service as texts, tests left out. */
export function readSources(): readonly string[] {
  return FOLDERS.flatMap((folder) => {
    const sources = join(ROOT, folder, 'src');
    return readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^test[\\/]|[\\/]test[\\/]/.test(file))
      .map((file) => readFileSync(join(sources, file), 'utf8'));
  });
}

/** All texts in single quotes. */
export function listLiterals(sources: readonly string[]): ReadonlySet<string> {
  return new Set(sources.flatMap((source) => [...source.matchAll(LITERAL)].map(([, text = '']) => text)));
}

/**
 * Every message that the sources write to a log. A template is filled with each text in quotes of its file, and a table
 * holds some of them: what is never written is among the answers too, but nothing that stands nowhere.
 */
export function listMessages(sources: readonly string[]): ReadonlySet<string> {
  return new Set(
    sources.flatMap((source) =>
      [...source.matchAll(WRITTEN)].flatMap(({ groups }) => {
        if (groups?.text !== undefined) return [groups.text];
        const texts = [...listLiterals([source])];
        const template = groups?.template;
        return template === undefined ? texts : texts.map((text) => template.replace(/\$\{\w+\}/, text));
      }),
    ),
  );
}
