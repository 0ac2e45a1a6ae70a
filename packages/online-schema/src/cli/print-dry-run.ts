import type { DryRun, DryRunMigration } from '../run/dry-run';
import type { RunFlags } from './run-flags';
import type { Terminal } from './terminal';

const INDENT = '      ';

/** Prints what a run would do: for people, or as one JSON document. */
export function printDryRun({ print }: Terminal, { json }: Pick<RunFlags, 'json'>, dryRun: DryRun): void {
  if (json !== undefined) {
    print(JSON.stringify(dryRun));
    return;
  }
  const { direction, migrations } = dryRun;
  if (migrations.length === 0) {
    print(direction === 'up' ? 'No migrations are pending.' : 'No migration is applied.');
    return;
  }
  for (const [at, migration] of migrations.entries()) {
    print(`[${at + 1}/${migrations.length}] ${migration.name}, ${describe(migration)}`);
    for (const statement of migration.statements) print(layOut(statement));
    for (const note of migration.notes) print(`${INDENT}-- ${note}`);
  }
  print('Nothing was written.');
}

function describe({ transaction }: DryRunMigration): string {
  return transaction ? 'in one transaction' : 'each statement by itself';
}

/** The statement's own lines, moved to ours as a block. */
function layOut(statement: string): string {
  const [first = '', ...rest] = statement.trimEnd().split('\n');
  const indents = rest.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const least = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  const lines = [first, ...rest.map((line) => line.slice(least))].map((line) => `${INDENT}${line}`);
  return `${lines.join('\n')};`;
}
