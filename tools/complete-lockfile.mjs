// Usage: node tools/complete-lockfile.mjs   (after npm install, where `npm ci` then says "Missing: … from lock file")
//
// npm leaves a platform's optional package out of package-lock.json when the registry in use does not serve it (a
// partial mirror), and `npm ci` then refuses the lockfile as incomplete, on every platform. This writes the missing
// entries as npm would, except for their checksum: npm installs them only on their own platform, where it reads that
// from the registry.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));

const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
  Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(path, name))
    .map(([name, version]) => ({ name, entry: describe(name, version, entry.dev) })),
);
for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
);
if (missing.length > 0) writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${missing.length} platform packages added to ${FILE}\n`);

/** Whether Node's resolution from the package at `path` finds an entry for `name`. */
function isLocked(path, name) {
  const folders = path.split('/node_modules/');
  return folders.some((_, at) => {
    const base = folders.slice(0, folders.length - at).join('/node_modules/');
    return `${base}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages;
  });
}

/** What the name of a platform package says of its platform, which is how every one of them is named. */
function describe(name, version, dev) {
  const os = /android|darwin|freebsd|openharmony|linux|win(?:32|dows)/
    .exec(name)?.[0]
    .replace('windows', 'win32');
  const cpu = /arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|64$/.exec(name)?.[0].replace(/^64$/, 'x64');
  if (os === undefined || cpu === undefined) throw new Error(`${name}: the name does not tell its platform`);
  const libc = name.includes('musl') ? ['musl'] : /linux.*gnu$/.test(name) ? ['glibc'] : undefined;
  return { version, cpu: [cpu], ...(dev && { dev }), ...(libc && { libc }), optional: true, os: [os] };
}
