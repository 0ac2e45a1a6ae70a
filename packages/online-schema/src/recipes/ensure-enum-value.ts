import type { QueryRunner } from 'typeorm';
import { namingSubject } from './naming-subject';
import { outsideTransaction } from './on-table';
import { readEnum, requireEnum } from './read-enum';
import type { EnumValueDefinition } from './recipe-definitions';
import { renderAddEnumValue } from './render-recipe';
import { runBriefly } from './run-briefly';

/**
 * Afterwards the enum type has the value, and every session may use it. No table is locked or rewritten. Reverted by
 * `dropEnumValue`.
 *
 * @throws MigrationError inside a transaction, in which the value could not be used, or when there is no such type.
 */
export async function ensureEnumValue(runner: QueryRunner, definition: EnumValueDefinition): Promise<void> {
  await outsideTransaction(runner, async () => {
    const { schema, values } = requireEnum(await readEnum(runner, definition), definition);
    if (values.includes(definition.value)) return;
    const name = `${definition.type}.${definition.value}`;
    await namingSubject(
      `enum type ${schema}.${definition.type}`,
      () => runBriefly(runner, 'add enum value', name, renderAddEnumValue({ ...definition, schema })),
      { readsRows: false },
    );
  });
}
