import type { DataSource, QueryRunner } from 'typeorm';
import { readTable } from '../catalog/read-table';
import { readConstraint } from '../recipes/read-constraint';
import { compareConstraints } from './compare-constraints';
import { findFormerTables } from './find-former-tables';
import { nameDependents } from './name-dependents';
import { nameViewExtras } from './name-view-extras';
import { renameConstraints } from './rename-constraints';
import { keepSharedEnums } from './shared-enums';
import type { TableOperation } from './table-operation';

/** What TypeORM does not look at, asked of the catalog: constraints by their definition, types and columns by who uses them. */
export async function completeOperations(
  dataSource: DataSource,
  recorded: readonly TableOperation[],
): Promise<TableOperation[]> {
  const runner = dataSource.createQueryRunner();
  try {
    const renamed = await renameConstraints(runner, await spellDroppedChecks(runner, recorded));
    const operations = [...renamed, ...(await compareConstraints(dataSource, runner, renamed))];
    const found = await findFormerTables(dataSource, runner, operations);
    const kept = await keepSharedEnums(runner, await nameViewExtras(runner, found));
    return await nameDependents(runner, kept);
  } finally {
    await runner.release();
  }
}

/** As the server spells them, so that a revert can make them again: TypeORM takes NOT VALID for a part of the expression. */
async function spellDroppedChecks(
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const spelt: TableOperation[] = [];
  for (const operation of operations) {
    if (operation.kind !== 'drop-check') {
      spelt.push(operation);
      continue;
    }
    const { previous } = operation;
    const table = await readTable(runner, previous);
    const found = table && (await readConstraint(runner, table, previous.name));
    spelt.push({
      ...operation,
      previous: { ...previous, expression: found?.expression ?? previous.expression },
    });
  }
  return spelt;
}
