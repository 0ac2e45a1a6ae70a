/**
 * Checks every import of every workspace against .dependency-cruiser.cjs, and that the check saw them:
 * a checker that reads no module finds no violation.
 *
 *     node tools/imports.mjs [root]      root: the repository to check, the current folder by default
 *
 * Exit code 0: all imports follow the rules. 1: some do not. 2: the checker missed modules, so it cannot tell.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import swcVisitor from '@swc/core/Visitor.js';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';

/** A line that loads another module, counted without the parser under suspicion. */
const importLine = /^(?:import\s+['"]|(?:import|export|\})[^;'"`]*\sfrom\s+['"])/m;

const root = resolve(process.argv[2] ?? '.');
teachUsingDeclarations(swcVisitor.Visitor.prototype);
// Rules and results speak of paths from the root.
process.chdir(root);

const workspaces = readWorkspaces();
const modules = await readModules(workspaces);
const blindSpots = workspaces.flatMap((workspace) => findBlindSpots(workspace, modules));
const violations = modules.flatMap(({ violations }) => violations);

if (violations.length > 0) {
  process.stderr.write(`Forbidden imports: ${violations.length}\n${list(violations)}\n`);
  process.exitCode = 1;
}
if (blindSpots.length > 0) {
  process.stderr.write(`The import check is blind: it did not see what is there.\n${list(blindSpots)}\n`);
  process.exitCode = 2;
}
if (violations.length === 0 && blindSpots.length === 0) {
  const counts = workspaces.map((workspace) => `${workspace} ${seenIn(workspace, modules).length}`);
  process.stdout.write(`Imports follow the rules. Modules seen: ${counts.join(', ')}.\n`);
}

/** The visitor that dependency-cruiser walks a module with throws at `using` and `await using`: it predates them. */
function teachUsingDeclarations(visitor) {
  const { visitStatement, visitForOfStatement } = visitor;
  visitor.visitStatement = function (statement) {
    if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
    statement.decls = this.visitVariableDeclarators(statement.decls);
    return statement;
  };
  visitor.visitForOfStatement = function (statement) {
    if (statement.left.type !== 'UsingDeclaration') return visitForOfStatement.call(this, statement);
    statement.right = this.visitExpression(statement.right);
    statement.body = this.visitStatement(statement.body);
    return statement;
  };
}

/** The workspace folders, as the root package.json lists them. */
function readWorkspaces() {
  const { workspaces: patterns } = JSON.parse(readFileSync('package.json', 'utf8'));
  return patterns
    .flatMap((pattern) => (pattern.endsWith('/*') ? readFolders(pattern.slice(0, -2)) : [pattern]))
    .filter((folder) => existsSync(join(folder, 'package.json')));
}

function readFolders(parent) {
  return readdirSync(parent).map((child) => `${parent}/${child}`);
}

/** What dependency-cruiser makes of the sources: one entry per module, with its imports and their violations. */
async function readModules(folders) {
  const sources = folders.map((folder) => `${folder}/src`).filter((folder) => existsSync(folder));
  const scripts = readdirSync('tools').filter((name) => name.endsWith('.mjs'));
  const options = await extractDepcruiseOptions(join(root, '.dependency-cruiser.cjs'));
  const { output } = await cruise([...sources, ...scripts.map((name) => `tools/${name}`)], options);
  return output.modules.map(({ source, dependencies }) => ({
    source,
    imports: dependencies.length,
    violations: output.summary.violations
      .filter(({ from }) => from === source)
      .map((violation) => renderViolation(violation, options.ruleSet.forbidden)),
  }));
}

function renderViolation({ rule, from, to, cycle }, rules) {
  const target = cycle ? cycle.map(({ name }) => name).join(' → ') : to;
  const comment = rules.find(({ name }) => name === rule.name)?.comment;
  return `${rule.name}: ${from} → ${target}\n    ${comment}`;
}

/** Files of a workspace that the checker did not read, or read without noticing their imports. */
function findBlindSpots(workspace, modules) {
  const files = readSourceFiles(workspace);
  if (files.length === 0) return [`${workspace}: has no module under src`];
  const seen = new Map(seenIn(workspace, modules).map(({ source, imports }) => [source, imports]));
  const missed = files.filter((file) => !seen.has(file));
  if (missed.length > 0) {
    return [
      `${workspace}: ${files.length - missed.length} of ${files.length} modules seen, ${missed[0]} is missing`,
    ];
  }
  return files
    .filter((file) => seen.get(file) === 0 && importLine.test(readFileSync(file, 'utf8')))
    .map((file) => `${file}: seen, but none of its imports`);
}

function readSourceFiles(workspace) {
  const folder = `${workspace}/src`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`);
}

function seenIn(workspace, modules) {
  return modules.filter(({ source }) => source.startsWith(`${workspace}/src/`));
}

function list(lines) {
  return lines.map((line) => `  ${line}`).join('\n');
}
