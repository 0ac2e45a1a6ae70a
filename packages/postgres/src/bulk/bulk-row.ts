import type { DeepPartial } from 'typeorm';

/**
 * A row to be written, as `repository.insert` takes it: properties of the entity, embedded objects in parts, and a
 * relation with a join column as its object or, where the related entity's key is called `id`, as that id.
 */
export type BulkRow<Entity> = {
  readonly [Property in keyof Entity]?:
    | DeepPartial<Entity[Property]>
    | RelationId<Entity[Property]>
    | undefined;
};

type RelationId<Value> = NonNullable<Value> extends { id: infer Id } ? Id : never;

/** Names of the entity's properties; those inside embedded objects cannot be named one by one. */
export type Property<Entity> = Extract<keyof Entity, string>;
