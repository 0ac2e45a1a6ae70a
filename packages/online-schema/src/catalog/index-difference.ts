/** One respect in which two canonical indexes differ. */
export interface IndexDifference {
  readonly aspect:
    | 'table'
    | 'method'
    | 'unique'
    | 'nulls not distinct'
    /** Other columns, or another number of them. */
    | 'columns'
    /** The same columns or expressions in another order. */
    | 'column order'
    | 'expression'
    | 'collation'
    | 'operator class'
    /** Ascending or descending. */
    | 'order'
    /** NULLs first or last, in the same order otherwise. */
    | 'nulls order'
    | 'include'
    | 'predicate'
    | 'storage';
  readonly declared: string;
  readonly actual: string;
}
