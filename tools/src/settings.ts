import { join, resolve } from 'node:path';
import type { Variables } from '@holdfast/db';

/** What the root commands are told from outside, beyond what the service and its database read themselves. */
export interface ToolSettings {
  /** The server of `DATABASE_URL`; without one, the kept local server is used. Holds a password. */
  readonly databaseUrl: string | undefined;
  /** Where kept local servers live: `HOLDFAST_DIRECTORY`, by default `.holdfast`; from the repository's root. */
  readonly directory: string;
  readonly variables: Variables;
}

// The same from `src` and from `dist`.
const repositoryRoot = resolve(__dirname, '..', '..');

/** Reads the settings of the root commands. An empty variable counts as not set. */
export function readToolSettings(variables: Variables = process.env): ToolSettings {
  return {
    databaseUrl: variables.DATABASE_URL || undefined,
    directory: resolve(repositoryRoot, variables.HOLDFAST_DIRECTORY || join(repositoryRoot, '.holdfast')),
    variables,
  };
}
