import { SeenTexts } from './seen-texts';

/** What the connections of one pool know together about statements. */
export class SharedStatements {
  readonly seen = new SeenTexts();
  /**
   * How often one of them has met a statement that a change of the schema had made stale. What the others hold is stale
   * as well, and a transaction that is retried on the next connection must not fail there for the same reason.
   */
  schemaChanges = 0;
}
